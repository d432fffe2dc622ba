import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import type { Context } from "aws-lambda";
import { createPorts } from "../../../lib/aws/ports.ts";
import type { AwsPorts } from "../../../lib/aws/ports.ts";
import { makeConnectionId } from "../../../lib/engine/connection-id.ts";
import { deadLetterQueueNameFor, laneQueueNameFor, partnerSecretNameFor } from "../../../lib/engine/names.ts";
import { registryOf } from "../../../lib/engine/registry.ts";
import { seal } from "../../../lib/engine/seal.ts";
import { partners } from "../../../lib/partners/index.ts";
import { SeededRandom } from "../../support/memory/clock.ts";
import { connectionOf } from "../../support/port-values.ts";
import { stage, startServices } from "./services.ts";
import type { TestServices } from "./services.ts";

const partner = "stripe";
const connectionKey = "a-connection-key-for-tests";
const webhookSecret = ["whsec", "for-tests"].join("_");
export const connectionId = makeConnectionId(partner, connectionKey, new SeededRandom(5));

export type LambdaHandler = (event: unknown, context: Context) => Promise<unknown>;

/** The functions of one partner with a world to run in: services, queues, one connection, and a partner that answers. */
export interface LambdaWorld {
  readonly services: TestServices;
  readonly ports: AwsPorts;
  readonly queues: { readonly webhooks: string; readonly imports: string; readonly deadLetters: string };
  /** What the partner answers to a path; null is a 404. */
  partnerAnswers: (path: string) => unknown;
  stop(): Promise<void>;
}

export async function openLambdaWorld(): Promise<LambdaWorld> {
  const services = await startServices();
  services.keysAndSecrets.secrets.set(
    partnerSecretNameFor(stage, partner),
    JSON.stringify({ connectionKey, webhookSecrets: [], app: {} }),
  );
  const server = createServer((request, response) => {
    const body = world.partnerAnswers(request.url ?? "");
    response.writeHead(body === null ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(body ?? { error: { type: "invalid_request_error" } }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  // A server that listens on a port has an address with one.
  const sandbox = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  Object.assign(process.env, services.source, {
    SLUICE_PARTNER: partner,
    SLUICE_SANDBOX_HOSTS: JSON.stringify({ "api.stripe.com": sandbox }),
    AWS_ENDPOINT_URL: sandbox,
    POWERTOOLS_SERVICE_NAME: "test",
    POWERTOOLS_METRICS_NAMESPACE: "Sluice",
  });
  const ports = createPorts(process.env, registryOf(partners));
  const queues = {
    webhooks: await services.makeQueue(laneQueueNameFor(stage, partner, "webhooks")),
    imports: await services.makeQueue(laneQueueNameFor(stage, partner, "imports")),
    deadLetters: await services.makeQueue(deadLetterQueueNameFor(stage, partner)),
  };
  const owner = { partner, connectionId };
  const sealedWebhookSecret = seal(webhookSecret, connectionKey, `${partner}#${connectionId}`);
  await ports.connections.create(connectionOf(owner, { sealedWebhookSecret }));
  await ports.credentials.overwrite(owner, { apiKey: ["sk", "test", "abc123"].join("_") });
  const world: LambdaWorld = {
    services,
    ports,
    queues,
    partnerAnswers: () => null,
    async stop() {
      server.closeAllConnections();
      server.close();
      await services.stop();
    },
  };
  return world;
}

/** An HTTP API's event, payload format 2.0, of a webhook signed as Stripe signs: https://docs.stripe.com/webhooks/signature */
export function webhookEvent(
  body: string,
  changes: { readonly connectionId?: string | null; readonly base64?: boolean; readonly secret?: string } = {},
): Readonly<Record<string, unknown>> {
  const own = changes.connectionId === undefined ? connectionId : changes.connectionId;
  const time = Math.floor(Date.now() / 1000);
  const signature = createHmac("sha256", changes.secret ?? webhookSecret)
    .update(`${time}.${body}`)
    .digest("hex");
  return {
    version: "2.0",
    rawPath: `/webhooks/stripe/${own ?? ""}`,
    routeKey: "POST /webhooks/stripe/{connectionId}",
    rawQueryString: "",
    headers: { "content-type": "application/json", "stripe-signature": `t=${time},v1=${signature}` },
    ...(own !== null && { pathParameters: { connectionId: own } }),
    requestContext: { domainName: "api.example.com", requestId: "request-1", http: { method: "POST" } },
    body: changes.base64 === true ? Buffer.from(body).toString("base64") : body,
    isBase64Encoded: changes.base64 === true,
  };
}

/** What Lambda's poller would hand to a function of this queue; the messages are not deleted. */
export async function batchFrom(
  services: TestServices,
  queueUrl: string,
): Promise<{ readonly Records: { messageId: string; body: string }[] }> {
  const command = new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 600 });
  const { Messages = [] } = await services.sqs.send(command);
  return { Records: Messages.map(({ MessageId = "", Body = "" }) => ({ messageId: MessageId, body: Body })) };
}

export function lambdaContext(): Context {
  // Of what Lambda hands over the functions read the request's id and the time that is left.
  return { awsRequestId: "request-1", getRemainingTimeInMillis: () => 30_000 } as Context;
}
