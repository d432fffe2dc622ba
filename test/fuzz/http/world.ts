import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { DeleteMessageBatchCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import * as z from "zod";
import { Job } from "../../../lib/engine/job.ts";
import { laneQueueNameFor, partnerSecretNameFor } from "../../../lib/engine/names.ts";
import { listen } from "../../../lib/local/http/listen.ts";
import { createSqsClients } from "../../../lib/local/sqs-clients.ts";
import { startLocalStack } from "../../../lib/local/stack.ts";
import type { LocalStack } from "../../../lib/local/stack.ts";
import { synthesise } from "./synthesise.ts";

export interface FuzzWorld {
  readonly url: string;
  /** How often the key server was asked. */
  keyCalls(): number;
  /** The bodies that wait on a partner's lane, by their hash; they are taken from it. */
  drain(partner: string): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export const hashOf = (body: Uint8Array): string => createHash("sha256").update(body).digest("hex");

/**
 * The real gateway, functions, secrets and queues of the local stack; nobody takes from the lanes. Plaid's key server
 * publishes the one key.
 */
export async function openFuzzWorld(
  folder: string,
  secrets: Readonly<Record<string, string>>,
  plaidKey: string,
): Promise<FuzzWorld> {
  const keyServer = await startKeyServer(plaidKey);
  const stack = await startLocalStack({
    cdkOutDir: synthesise(join(folder, "cdk.out")),
    dataDir: join(folder, "data"),
    httpPort: 0,
    extraEnvironment: { SLUICE_SANDBOX_HOSTS: JSON.stringify({ "production.plaid.com": keyServer.url }) },
  });
  await configure(stack, secrets);
  const clients = createSqsClients(stack.services, "us-east-1");
  return {
    url: stack.url,
    keyCalls: keyServer.calls,
    async drain(partner) {
      const QueueUrl = await clients.queueUrl(laneQueueNameFor("local", partner, "webhooks"));
      const found: string[] = [];
      for (;;) {
        const { Messages = [] } = await clients.operator.send(
          new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 }),
        );
        if (Messages.length === 0) return found;
        found.push(...Messages.map(({ Body = "" }) => bodyHashIn(Body)));
        const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
        await clients.operator.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
      }
    },
    async stop() {
      clients.close();
      await stack.stop();
      await keyServer.stop();
    },
  };
}

/** Of a body by claim check, its key ends in the hash. */
function bodyHashIn(message: string): string {
  const { work } = Job.parse(JSON.parse(message));
  if (work.kind !== "webhook") throw new Error(`a job of kind ${work.kind} on the webhooks' lane`);
  switch (work.body.kind) {
    case "text":
      return hashOf(new TextEncoder().encode(work.body.text));
    case "base64":
      return hashOf(Buffer.from(work.body.base64, "base64"));
    case "claim":
      return work.body.key.slice(-64);
  }
}

const Secret = z.looseObject({});

async function configure(stack: LocalStack, secrets: Readonly<Record<string, string>>): Promise<void> {
  const { endpoint, operator: credentials } = stack.services;
  const client = new SecretsManagerClient({ endpoint, region: "us-east-1", credentials });
  for (const [partner, secret] of Object.entries(secrets)) {
    const SecretId = partnerSecretNameFor("local", partner);
    const { SecretString = "{}" } = await client.send(new GetSecretValueCommand({ SecretId }));
    const app = { clientId: "our-client", secret: "our-secret" };
    const wanted = { ...Secret.parse(JSON.parse(SecretString)), webhookSecrets: secret === "" ? [] : [secret], app };
    await client.send(new PutSecretValueCommand({ SecretId, SecretString: JSON.stringify(wanted) }));
  }
  client.destroy();
}

const Asked = z.object({ client_id: z.literal("our-client"), secret: z.literal("our-secret"), key_id: z.string() });

async function startKeyServer(key: string) {
  let calls = 0;
  const Key = z.looseObject({ kid: z.string() });
  const published = Key.parse(JSON.parse(key));
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      calls += 1;
      const isKnown = Asked.parse(JSON.parse(body)).key_id === published.kid;
      response.writeHead(isKnown ? 200 : 400, { "content-type": "application/json" });
      const unknown = { error_type: "INVALID_INPUT", error_code: "INVALID_WEBHOOK_VERIFICATION_KEY_ID" };
      response.end(JSON.stringify(isKnown ? { key: published, request_id: "r" } : unknown));
    });
  });
  const url = await listen(server, 0);
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url, calls: () => calls, stop };
}
