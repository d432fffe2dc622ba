import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { Message } from "@aws-sdk/client-sqs";
import { mapBounded } from "../../../lib/engine/map-bounded.ts";
import type { BareTask } from "./pipeline-tasks.ts";

/** How a bare loop's messages come about, and what it puts for one. */
export interface BareEnds {
  /** Brings one message about, through `send` or through somebody who calls it. */
  readonly begin: (index: number, send: (body: string) => Promise<void>) => Promise<void>;
  /** The thing to put, from a message's body. */
  readonly thingOf: (body: string) => Promise<{ readonly id: string }>;
}

/** Everything that has to be done to take messages to a table, and nothing else. */
export async function sendReceivePut(task: BareTask, ends: BareEnds): Promise<void> {
  const { endpoint, queueUrl, table, first, count, atOnce, credentials } = task;
  const settings = { endpoint, region: "us-east-1", credentials };
  const sqs = new SQSClient({ ...settings, useQueueUrlAsEndpoint: false });
  const dynamo = new DynamoDBClient(settings);
  const send = async (body: string): Promise<void> => {
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }));
  };
  const putBatch = async (messages: readonly Message[]): Promise<void> => {
    await mapBounded(messages, messages.length, async ({ Body = "" }) => {
      const thing = await ends.thingOf(Body);
      const Item = { pk: { S: "bench#bare" }, sk: { S: thing.id }, body: { S: JSON.stringify(thing) } };
      await dynamo.send(new PutItemCommand({ TableName: table, Item }));
    });
    const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
  };
  const receiveAll = async (): Promise<void> => {
    const batches: Promise<void>[] = [];
    const receive = { QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 2 };
    for (let received = 0; received < count;) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(receive));
      received += Messages.length;
      if (Messages.length > 0) batches.push(putBatch(Messages));
    }
    await Promise.all(batches);
  };
  const numbers = Array.from({ length: count }, (_, index) => first + index);
  await Promise.all([mapBounded(numbers, atOnce, (index) => ends.begin(index, send)), receiveAll()]);
  sqs.destroy();
  dynamo.destroy();
}
