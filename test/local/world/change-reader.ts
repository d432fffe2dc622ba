import { fileURLToPath } from "node:url";
import { DeleteMessageCommand, GetQueueUrlCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { Stack } from "aws-cdk-lib";
import { expect } from "vitest";
import { readChangeEvent } from "../../../lib/client/change-event-reader.ts";
import type { ReceivedChange } from "../../../lib/client/change-event-reader.ts";
import type { World } from "../../../lib/local/world/open-world.ts";
import { ChangeQueue, createApp } from "../../../lib/stacks/index.ts";
import config from "../../../sluice.config.ts";

/** As docs/events.md has it: an application's own queue of what changes. */
export function synthesiseWithQueue(outdir: string): void {
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

/** What the application's queue brings, by the events' ids. */
export class ChangeReader {
  readonly seen = new Map<string, ReceivedChange>();
  readonly #client: SQSClient;
  readonly #queueUrl: string;

  private constructor(client: SQSClient, queueUrl: string) {
    this.#client = client;
    this.#queueUrl = queueUrl;
  }

  static async open({ stack: { model, services } }: World): Promise<ChangeReader> {
    const queue = model.queues.find(({ name }) => name.includes("Changes") && !name.includes("Dead"));
    if (queue === undefined) throw new Error("the application's queue was not made");
    const client = new SQSClient({
      region: "us-east-1",
      endpoint: services.endpoint,
      useQueueUrlAsEndpoint: false,
      credentials: services.operator,
    });
    const { QueueUrl: queueUrl = "" } = await client.send(new GetQueueUrlCommand({ QueueName: queue.name }));
    return new ChangeReader(client, queueUrl);
  }

  /** Takes what is there, ten at most; whether there was something. */
  async drain(): Promise<boolean> {
    const receive = new ReceiveMessageCommand({
      QueueUrl: this.#queueUrl,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: 1,
    });
    const { Messages = [] } = await this.#client.send(receive);
    for (const message of Messages) {
      const event = readChangeEvent(message.Body ?? "");
      this.seen.set(event.id, event);
      const { ReceiptHandle } = message;
      await this.#client.send(new DeleteMessageCommand({ QueueUrl: this.#queueUrl, ReceiptHandle }));
    }
    return Messages.length > 0;
  }
}
