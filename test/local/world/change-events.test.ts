import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DeleteMessageCommand, GetQueueUrlCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { Stack } from "aws-cdk-lib";
import { expect, test } from "vitest";
import { createApiClient } from "../../../bin/commands/api-client.ts";
import { changeAtPartner, connectDemo } from "../../../bin/commands/connect-demo.ts";
import { readChangeEvent } from "../../../lib/client/change-event-reader.ts";
import type { ReceivedChange } from "../../../lib/client/change-event-reader.ts";
import type { LocalServices } from "../../../lib/local/types.ts";
import { openWorld } from "../../../lib/local/world/open-world.ts";
import { ChangeQueue, createApp } from "../../../lib/stacks/index.ts";
import config from "../../../sluice.config.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { waitUntil } from "../support/wait.ts";
import { checkUserTokens } from "./user-tokens.ts";

/** As docs/events.md has it: an application's own queue of what changes. */
function synthesise(outdir: string): void {
  const app = createApp({
    config,
    configPath: fileURLToPath(new URL("../../../sluice.config.ts", import.meta.url)),
    stage: "local",
    app: { outdir },
  });
  const stack = new Stack(app, "Reporting", { env: { account: "000000000000", region: "us-east-1" } });
  const { queue } = new ChangeQueue(stack, "Changes", {
    stage: "local",
    types: ["record.created", "record.updated", "record.deleted", "connection.created"],
  });
  expect(queue.queueArn).toBeTruthy();
  app.synth();
}

async function drain(client: SQSClient, queueUrl: string, seen: Map<string, ReceivedChange>): Promise<void> {
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
  );
  for (const message of Messages) {
    const event = readChangeEvent(message.Body ?? "");
    seen.set(event.id, event);
    await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle }));
  }
}

function clientOf(services: LocalServices): SQSClient {
  return new SQSClient({
    region: "us-east-1",
    endpoint: services.endpoint,
    useQueueUrlAsEndpoint: false,
    credentials: services.operator,
  });
}

test("an application's queue gets each change of a partner's records, once an id", { timeout: 180_000 }, async () => {
  const folder = temporaryFolder();
  const cdkOutDir = join(folder, "cdk.out");
  synthesise(cdkOutDir);
  const world = await openWorld({
    cdkOutDir,
    stage: "local",
    dataDir: join(folder, "data"),
    port: 0,
    sandboxes: true,
  });
  try {
    const partner = world.partners.find((each) => each.name === "stripe");
    if (partner === undefined) throw new Error("no sandbox of Stripe");
    const api = createApiClient(world.stack.url, world.apiKey);
    const { connectionId } = await connectDemo(world, api, partner, "demo");
    await checkUserTokens(world);
    const queue = world.stack.model.queues.find(({ name }) => name.includes("Changes") && !name.includes("Dead"));
    if (queue === undefined) throw new Error("the application's queue was not made");
    const client = clientOf(world.stack.services);
    const { QueueUrl: queueUrl = "" } = await client.send(new GetQueueUrlCommand({ QueueName: queue.name }));
    const seen = new Map<string, ReceivedChange>();
    const [change] = await changeAtPartner(partner, { type: "create", count: 1 });
    const expected = `stripe#${connectionId}#${change?.resource ?? ""}`;
    await waitUntil(
      "the event of the change",
      async () => {
        await drain(client, queueUrl, seen);
        return [...seen.keys()].some((id) => id.startsWith(expected));
      },
      90_000,
    );
    const told = JSON.stringify([...seen.values()]);
    expect(told).toContain(`"connectionId":"${connectionId}","tenantId":"demo"`);
    const types = [...seen.values()].map(({ type }) => type);
    expect(types).toContain("connection.created");
    const created = [...seen.values()].find(({ id }) => id.startsWith(expected));
    expect(created).toMatchObject({ type: "record.created", detail: { partner: "stripe", connectionId, version: 1 } });
  } finally {
    await world.stop();
  }
});
