import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  StartMessageMoveTaskCommand,
  type Message,
} from "@aws-sdk/client-sqs";
import { Duration } from "aws-cdk-lib";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startFor, type StartedServices } from "./support/start.ts";
import { synthesiseStack } from "./support/synthesise.ts";

const names = ["plain", "short", "polled", "contested", "abandoned", "delayed", "failing", "failing-dlq", "attributed"];
let folder: string;
let started: StartedServices;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-queues-"));
  const cdkOutDir = synthesiseStack(folder, (stack) => {
    const dead = new Queue(stack, "Dead", { queueName: "failing-dlq" });
    for (const queueName of names.filter((name) => !name.startsWith("failing"))) {
      new Queue(stack, queueName, { queueName, visibilityTimeout: Duration.seconds(60) });
    }
    const deadLetterQueue = { queue: dead, maxReceiveCount: 1 };
    new Queue(stack, "Failing", { queueName: "failing", visibilityTimeout: Duration.seconds(60), deadLetterQueue });
  });
  started = await startFor(cdkOutDir, join(folder, "data"));
});

afterAll(async () => {
  await started.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function urlOf(name: string): Promise<string> {
  const { QueueUrl: url } = await started.operator.sqs.send(new GetQueueUrlCommand({ QueueName: name }));
  return url ?? "";
}

async function receive(url: string, more: Partial<ReceiveMessageCommand["input"]> = {}): Promise<Message[]> {
  const command = new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, ...more });
  return (await started.operator.sqs.send(command)).Messages ?? [];
}

test("a message goes in and comes out once", async () => {
  const url = await urlOf("plain");
  await started.operator.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "hello" }));

  const [message] = await receive(url);
  expect(message?.Body).toBe("hello");
  expect(await receive(url)).toEqual([]);
  const receipt = { QueueUrl: url, ReceiptHandle: message?.ReceiptHandle };
  await started.operator.sqs.send(new DeleteMessageCommand(receipt));
  const attributes = await started.operator.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] }),
  );
  expect(attributes.Attributes).toMatchObject({
    ApproximateNumberOfMessages: "0",
    ApproximateNumberOfMessagesNotVisible: "0",
    VisibilityTimeout: "60",
    QueueArn: "arn:aws:sqs:us-east-1:000000000000:plain",
  });
});

test("queue URLs name the address they were asked at", async () => {
  expect(await urlOf("plain")).toBe(`${started.services.endpoint}/000000000000/plain`);
  const { QueueUrls: urls } = await started.operator.sqs.send(new ListQueuesCommand({ QueueNamePrefix: "sho" }));
  expect(urls).toEqual([`${started.services.endpoint}/000000000000/short`]);
});

test("a message put back with visibility zero is there again at once, and counts its receives", async () => {
  const url = await urlOf("short");
  await started.operator.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "again" }));
  const [first] = await receive(url);

  await started.operator.sqs.send(
    new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle: first?.ReceiptHandle, VisibilityTimeout: 0 }),
  );

  const [second] = await receive(url, { MessageSystemAttributeNames: ["ApproximateReceiveCount"] });
  expect(second?.MessageId).toBe(first?.MessageId);
  expect(second?.Attributes?.ApproximateReceiveCount).toBe("2");
});

test("a long poll answers as soon as a message comes", async () => {
  const url = await urlOf("polled");
  const polled = receive(url, { WaitTimeSeconds: 20 });
  await started.operator.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "soon" }));
  const sentMs = Date.now();

  expect((await polled).map(({ Body: body }) => body)).toEqual(["soon"]);
  expect(Date.now() - sentMs).toBeLessThan(1_000);
});

test("of several long polls none comes back empty before its time", async () => {
  const url = await urlOf("contested");
  const polls = [1, 2, 3].map(() => receive(url, { WaitTimeSeconds: 20, MaxNumberOfMessages: 1 }));
  for (const body of ["a", "b", "c"]) {
    await started.operator.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body }));
  }

  const bodies = (await Promise.all(polls)).flat().map(({ Body: body }) => body ?? "");
  expect(bodies.toSorted()).toEqual(["a", "b", "c"]);
});

test("a poller that has gone takes no message with it", async () => {
  const url = await urlOf("abandoned");
  const gone = new AbortController();
  const command = new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 20 });
  const abandoned = started.operator.sqs.send(command, { abortSignal: gone.signal });
  // A call and its answer, so that the poll has arrived before it is given up.
  await urlOf("abandoned");
  gone.abort();
  await expect(abandoned).rejects.toMatchObject({ name: "AbortError" });

  await started.operator.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "kept" }));
  expect((await receive(url, { WaitTimeSeconds: 5 })).map(({ Body: body }) => body)).toEqual(["kept"]);
});

test("a delay over fifteen minutes is refused, in a batch only for its entry", async () => {
  const url = await urlOf("delayed");
  const late = new SendMessageCommand({ QueueUrl: url, MessageBody: "late", DelaySeconds: 901 });
  await expect(started.operator.sqs.send(late)).rejects.toMatchObject({ name: "InvalidParameterValue" });

  const batch = await started.operator.sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: url,
      Entries: [
        { Id: "good", MessageBody: "now" },
        { Id: "bad", MessageBody: "late", DelaySeconds: 901 },
      ],
    }),
  );
  expect(batch.Successful?.map(({ Id: id }) => id)).toEqual(["good"]);
  expect(batch.Failed?.map(({ Id: id, Code: code }) => [id, code])).toEqual([["bad", "InvalidParameterValue"]]);
  expect((await receive(url)).map(({ Body: body }) => body)).toEqual(["now"]);
});

test("a delayed message comes when its time is over, not before", async () => {
  const url = await urlOf("delayed");
  const sentMs = Date.now();
  await started.operator.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "later", DelaySeconds: 1 }));

  expect(await receive(url)).toEqual([]);
  const messages = await receive(url, { WaitTimeSeconds: 10 });
  expect(messages.map(({ Body: body }) => body)).toEqual(["later"]);
  expect(Date.now() - sentMs).toBeGreaterThanOrEqual(1_000);
});

test("a message over one mebibyte is refused", async () => {
  const url = await urlOf("plain");
  const command = new SendMessageCommand({ QueueUrl: url, MessageBody: "x".repeat(1024 * 1024 + 1) });
  await expect(started.operator.sqs.send(command)).rejects.toMatchObject({ name: "InvalidParameterValue" });
});

test("what was received too often goes to the dead letter queue, and can be moved back", async () => {
  const [url, deadUrl] = [await urlOf("failing"), await urlOf("failing-dlq")];
  await started.operator.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "poison" }));
  const [first] = await receive(url);
  const putBack = { QueueUrl: url, ReceiptHandle: first?.ReceiptHandle, VisibilityTimeout: 0 };
  await started.operator.sqs.send(new ChangeMessageVisibilityCommand(putBack));
  expect(await receive(url)).toEqual([]);

  const [dead] = await receive(deadUrl, { VisibilityTimeout: 0, MessageSystemAttributeNames: ["All"] });
  expect(dead).toMatchObject({
    MessageId: first?.MessageId,
    Attributes: { DeadLetterQueueSourceArn: "arn:aws:sqs:us-east-1:000000000000:failing" },
  });
  const task = new StartMessageMoveTaskCommand({ SourceArn: "arn:aws:sqs:us-east-1:000000000000:failing-dlq" });
  await started.operator.sqs.send(task);
  const [moved] = await receive(url, { MessageSystemAttributeNames: ["ApproximateReceiveCount"] });
  expect(moved).toMatchObject({ Body: "poison", Attributes: { ApproximateReceiveCount: "1" } });
});

test("trace header, group and sender come out as they went in", async () => {
  const url = await urlOf("attributed");
  await started.operator.sqs.send(
    new SendMessageCommand({
      QueueUrl: url,
      MessageBody: "traced",
      MessageGroupId: "tenant-1",
      MessageAttributes: { kind: { DataType: "String", StringValue: "test" } },
      MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: "Root=1-2-3" } },
    }),
  );

  const all = { MessageSystemAttributeNames: ["All" as const], MessageAttributeNames: ["All"] };
  const [message] = await receive(url, all);
  expect(message?.Attributes).toMatchObject({ AWSTraceHeader: "Root=1-2-3", MessageGroupId: "tenant-1" });
  expect(message?.Attributes?.SenderId).toMatch(/OPERATOR/);
  expect(message?.MessageAttributes?.["kind"]?.StringValue).toBe("test");
});
