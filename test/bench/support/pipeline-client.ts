// The world outside of the stack, in a process of its own: the partner that is called back, whoever sends its webhooks, and
// the bare loop that they are compared with.
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import process from "node:process";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { Message } from "@aws-sdk/client-sqs";
import { mapBounded } from "../../../lib/engine/map-bounded.ts";
import { Task } from "./pipeline-tasks.ts";
import type { BareTask, WebhookTask } from "./pipeline-tasks.ts";
import { stripeCharge, stripeEvent } from "./stripe-event.ts";

const bodyBytes = 2_000;

const partner = createServer((incoming, outgoing) => answerCharge(incoming, outgoing));
partner.keepAliveTimeout = 60_000;
partner.listen(0, "127.0.0.1", () => {
  const address = partner.address();
  if (address === null || typeof address === "string") throw new Error("the partner has no port");
  process.send?.({ kind: "listening", url: `http://127.0.0.1:${address.port}` });
});

function answerCharge(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const index = /^\/v1\/charges\/ch_3Bench(\d+)$/.exec(incoming.url ?? "")?.[1];
  incoming.resume();
  outgoing.writeHead(index === undefined ? 404 : 200, { "content-type": "application/json" });
  outgoing.end(
    JSON.stringify(index === undefined ? { error: { type: "invalid_request_error" } } : stripeCharge(Number(index))),
  );
}

process.on("message", (message) => {
  const task = Task.parse(message);
  const work = task.kind === "webhooks" ? sendWebhooks(task) : sendReceivePut(task);
  work.then(
    () => process.send?.({ kind: "done" }),
    (error: unknown) => process.send?.({ kind: "failed", error: String(error) }),
  );
});

async function sendWebhooks({ url, secret, first, count, atOnce }: WebhookTask): Promise<void> {
  await mapBounded(numbersFrom(first, count), atOnce, async (index) => {
    const body = stripeEvent(index, bodyBytes);
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signature = createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex");
    const headers = { "content-type": "application/json", "stripe-signature": `t=${timestamp},v1=${signature}` };
    const answer = await fetch(url, { method: "POST", headers, body });
    await answer.arrayBuffer();
    if (answer.status !== 202) throw new Error(`a webhook was answered ${answer.status}`);
  });
}

/** Everything that has to be done to take messages to a table, and nothing else. */
async function sendReceivePut(task: BareTask): Promise<void> {
  const { endpoint, queueUrl, table, first, count, atOnce, credentials } = task;
  const settings = { endpoint, region: "us-east-1", credentials };
  const sqs = new SQSClient({ ...settings, useQueueUrlAsEndpoint: false });
  const dynamo = new DynamoDBClient(settings);
  const putBatch = async (messages: readonly Message[]): Promise<void> => {
    await mapBounded(messages, messages.length, async ({ Body = "" }) => {
      // Our own messages.
      const event = JSON.parse(Body) as { data: { object: { id: string } } };
      const Item = {
        pk: { S: "bench#bare" },
        sk: { S: event.data.object.id },
        body: { S: JSON.stringify(event.data.object) },
      };
      await dynamo.send(new PutItemCommand({ TableName: table, Item }));
    });
    const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
  };
  let received = 0;
  const batches: Promise<void>[] = [];
  const receiving = async (): Promise<void> => {
    while (received < count) {
      const answer = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 2 }),
      );
      const messages = answer.Messages ?? [];
      received += messages.length;
      if (messages.length > 0) batches.push(putBatch(messages));
    }
  };
  const sending = mapBounded(numbersFrom(first, count), atOnce, async (index) => {
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: stripeEvent(index, bodyBytes) }));
  });
  await Promise.all([sending, receiving()]);
  await Promise.all(batches);
  sqs.destroy();
  dynamo.destroy();
}

function numbersFrom(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}
