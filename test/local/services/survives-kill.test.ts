import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  PutItemCommand,
  paginateQuery,
  paginateScan,
  UpdateItemCommand,
  type AttributeValue,
} from "@aws-sdk/client-dynamodb";
import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { DecryptCommand, EncryptCommand } from "@aws-sdk/client-kms";
import {
  GetEventSourceMappingCommand,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from "@aws-sdk/client-lambda";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { GetSecretValueCommand, PutSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { Duration } from "aws-cdk-lib";
import { AttributeType, ProjectionType, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb";
import { EventBus, Rule } from "aws-cdk-lib/aws-events";
import { SqsQueue } from "aws-cdk-lib/aws-events-targets";
import { Key } from "aws-cdk-lib/aws-kms";
import { Code, Function as LambdaFunction, Runtime } from "aws-cdk-lib/aws-lambda";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startKillable, type KillableServices } from "./support/killable-services.ts";
import { emptyHandler, synthesiseStack } from "./support/synthesise.ts";

let folder: string;
let cdkOutDir: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-kill-"));
  cdkOutDir = synthesiseStack(folder, (stack) => {
    const dead = new Queue(stack, "Dead", { queueName: "dead" });
    const jobs = new Queue(stack, "Jobs", {
      queueName: "jobs",
      visibilityTimeout: Duration.seconds(600),
      deadLetterQueue: { queue: dead, maxReceiveCount: 3 },
    });
    const table = new Table(stack, "Records", {
      tableName: "records",
      partitionKey: { name: "pk", type: AttributeType.STRING },
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
    });
    table.addGlobalSecondaryIndex({
      indexName: "by-color",
      partitionKey: { name: "color", type: AttributeType.STRING },
      projectionType: ProjectionType.ALL,
    });
    new Secret(stack, "Secret", { secretName: "app" });
    new Key(stack, "Key", { alias: "app" });
    new Bucket(stack, "Bucket", { bucketName: "claims" });
    const bus = new EventBus(stack, "Bus", { eventBusName: "events" });
    const rule = new Rule(stack, "Rule", { eventBus: bus, eventPattern: { source: ["test"] } });
    rule.addTarget(new SqsQueue(dead));
    const worker = new LambdaFunction(stack, "Worker", {
      runtime: Runtime.NODEJS_22_X,
      handler: "index.handler",
      code: Code.fromAsset(emptyHandler(folder)),
    });
    worker.addEventSource(new SqsEventSource(jobs));
  });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("messages are as they were: visible, in flight, delayed, deleted, counted", async () => {
  const dataDir = join(temporaryFolder(), "data");
  const before = await startKillable(cdkOutDir, dataDir);
  const url = await urlOf(before, "jobs");
  const entries = ["in flight", "done", "put back"].map((body, index) => ({ Id: String(index), MessageBody: body }));
  await before.operator.sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: entries }));
  const { Messages: messages = [] } = await before.operator.sqs.send(
    new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10 }),
  );
  const handleOf = (body: string) => messages.find((message) => message.Body === body)?.ReceiptHandle;
  await before.operator.sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: handleOf("done") }));
  await before.operator.sqs.send(
    new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle: handleOf("put back"), VisibilityTimeout: 0 }),
  );
  await before.operator.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "late", DelaySeconds: 900 }));
  await before.operator.sqs.send(
    new SendMessageCommand({
      QueueUrl: url,
      MessageBody: "new",
      MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: "Root=1" } },
    }),
  );
  await before.kill();

  const after = await startKillable(cdkOutDir, dataDir);
  const attributes = new GetQueueAttributesCommand({ QueueUrl: await urlOf(after, "jobs"), AttributeNames: ["All"] });
  expect((await after.operator.sqs.send(attributes)).Attributes).toMatchObject({
    ApproximateNumberOfMessages: "2",
    ApproximateNumberOfMessagesNotVisible: "1",
    ApproximateNumberOfMessagesDelayed: "1",
  });
  const { Messages: visible = [] } = await after.operator.sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: await urlOf(after, "jobs"),
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ["All"],
    }),
  );
  const seen = visible.map(({ Body: body, Attributes: all }) => [
    body,
    all?.ApproximateReceiveCount,
    all?.AWSTraceHeader,
  ]);
  expect(seen).toHaveLength(2);
  expect(seen).toContainEqual(["new", "1", "Root=1"]);
  expect(seen).toContainEqual(["put back", "2", undefined]);
  // A receipt from before the kill still deletes its message.
  await after.operator.sqs.send(
    new DeleteMessageCommand({ QueueUrl: await urlOf(after, "jobs"), ReceiptHandle: handleOf("in flight") }),
  );
  expect((await after.operator.sqs.send(attributes)).Attributes?.["ApproximateNumberOfMessagesNotVisible"]).toBe("2");
  await after.kill();
});

test("secrets, keys, objects, mappings and events are as they were", async () => {
  const dataDir = join(temporaryFolder(), "data");
  const before = await startKillable(cdkOutDir, dataDir);
  const { operator } = before;
  const put = { SecretId: "app", SecretString: "set by a person" };
  await operator.secrets.send(new PutSecretValueCommand(put));
  const Plaintext = Buffer.from("token");
  const context = { EncryptionContext: { partner: "stripe" } };
  const { CiphertextBlob } = await operator.kms.send(new EncryptCommand({ KeyId: "alias/app", Plaintext, ...context }));
  await operator.s3.send(new PutObjectCommand({ Bucket: "claims", Key: "bodies/1", Body: "large" }));
  const { EventSourceMappings: mappings = [] } = await operator.lambda.send(new ListEventSourceMappingsCommand({}));
  const UUID = mappings[0]?.UUID;
  await operator.lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false }));
  const Detail = JSON.stringify({ id: 1 });
  const event = { EventBusName: "events", Source: "test", DetailType: "changed", Detail };
  await operator.events.send(new PutEventsCommand({ Entries: [event] }));
  await before.kill();

  const after = await startKillable(cdkOutDir, dataDir);
  const secret = await after.operator.secrets.send(new GetSecretValueCommand({ SecretId: "app" }));
  expect(secret.SecretString).toBe("set by a person");
  const opened = await after.operator.kms.send(new DecryptCommand({ CiphertextBlob, ...context }));
  expect(Buffer.from(opened.Plaintext ?? []).toString()).toBe("token");
  const object = await after.operator.s3.send(new GetObjectCommand({ Bucket: "claims", Key: "bodies/1" }));
  expect(await object.Body?.transformToString()).toBe("large");
  const mapping = await after.operator.lambda.send(new GetEventSourceMappingCommand({ UUID }));
  expect(mapping.State).toBe("Disabled");
  const delivered = await after.operator.sqs.send(new ReceiveMessageCommand({ QueueUrl: await urlOf(after, "dead") }));
  expect(JSON.parse(delivered.Messages?.[0]?.Body ?? "{}")).toMatchObject({ source: "test", detail: { id: 1 } });
  await after.kill();
});

const rounds = 6;

test(`killed ${rounds} times amid writes: table, index and stream tell the same story, and nothing acknowledged is missing`, async () => {
  const dataDir = join(temporaryFolder(), "data");
  const acknowledged = new Map<string, number>();
  for (let round = 1; round <= rounds; round++) {
    const services = await startKillable(cdkOutDir, dataDir);
    await writeUntilKilled(services, acknowledged, round);
  }

  const services = await startKillable(cdkOutDir, dataDir);
  const items = await scanAll(services);
  const replayed = replay(await services.streamOf("records"));
  expect(Object.fromEntries(items)).toEqual(Object.fromEntries(replayed));
  expect(await indexedItems(services)).toEqual(Object.fromEntries(items));
  const missing: string[] = [];
  for (const [pk, version] of acknowledged) {
    const kept = Number(items.get(JSON.stringify({ S: pk }))?.["version"]?.N ?? -1);
    if (kept < version) missing.push(`${pk}: ${kept} < ${version}`);
  }
  expect(missing).toEqual([]);
  expect(acknowledged.size).toBeGreaterThan(0);
  await services.kill();
}, 90_000);

type Item = Record<string, AttributeValue>;

const colors = ["red", "green", "blue"];

/** Sixteen writers, each with keys of its own; the process is killed as soon as so many writes were acknowledged. */
async function writeUntilKilled(
  services: KillableServices,
  acknowledged: Map<string, number>,
  round: number,
): Promise<void> {
  let count = 0;
  const kills: Promise<void>[] = [];
  const killAfter = 40 + 37 * round;

  async function writer(index: number): Promise<void> {
    for (let version = 1; kills.length === 0; version++) {
      const pk = `writer-${index}-${version % 3}`;
      try {
        await writeOnce(services, acknowledged, pk, version + round * 100_000);
      } catch {
        // The process is gone: whether this write happened is for the next start to settle.
        return;
      }
      if (kills.length === 0) acknowledged.set(pk, version + round * 100_000);
      count++;
      if (count >= killAfter && kills.length === 0) kills.push(services.kill());
    }
  }

  await Promise.all(Array.from({ length: 16 }, (_, index) => writer(index)));
  await Promise.all(kills);
}

/** Puts, updates and batches by turns, each moving the item to another place of the index; sometimes it is deleted before. */
async function writeOnce(
  { operator: { dynamodb } }: KillableServices,
  acknowledged: Map<string, number>,
  pk: string,
  version: number,
): Promise<void> {
  const color = { S: colors[version % colors.length] ?? "" };
  const Item = { pk: { S: pk }, color, version: { N: String(version) } };
  if (version % 7 === 0) {
    // Whether it is there from here on until the write is acknowledged, the kill decides.
    acknowledged.delete(pk);
    await dynamodb.send(new DeleteItemCommand({ TableName: "records", Key: { pk: { S: pk } } }));
  }
  if (version % 3 === 0) {
    await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { records: [{ PutRequest: { Item } }] } }));
  } else if (version % 3 === 1) {
    await dynamodb.send(new PutItemCommand({ TableName: "records", Item }));
  } else {
    await dynamodb.send(
      new UpdateItemCommand({
        TableName: "records",
        Key: { pk: { S: pk } },
        UpdateExpression: "SET color = :color, version = :version",
        ExpressionAttributeValues: { ":color": color, ":version": Item.version },
      }),
    );
  }
}

/** What the stream's records add up to; each must start from where the one before it ended. */
function replay(records: Awaited<ReturnType<KillableServices["streamOf"]>>): Map<string, unknown> {
  const state = new Map<string, unknown>();
  for (const { dynamodb } of records) {
    const pk = JSON.stringify(dynamodb.Keys["pk"]);
    expect(dynamodb.OldImage ?? null).toEqual(state.get(pk) ?? null);
    if (dynamodb.NewImage === undefined) state.delete(pk);
    else state.set(pk, dynamodb.NewImage);
  }
  return state;
}

async function scanAll({ operator: { dynamodb } }: KillableServices): Promise<Map<string, Item>> {
  const items = new Map<string, Item>();
  for await (const page of paginateScan({ client: dynamodb }, { TableName: "records" })) {
    for (const item of page.Items ?? []) items.set(JSON.stringify(item["pk"]), item);
  }
  return items;
}

async function indexedItems({ operator: { dynamodb } }: KillableServices): Promise<Record<string, Item>> {
  const found: [string, Item][] = [];
  for (const color of colors) {
    const query = {
      TableName: "records",
      IndexName: "by-color",
      KeyConditionExpression: "color = :color",
      ExpressionAttributeValues: { ":color": { S: color } },
    };
    for await (const page of paginateQuery({ client: dynamodb }, query)) {
      for (const item of page.Items ?? []) found.push([JSON.stringify(item["pk"]), item]);
    }
  }
  expect(new Set(found.map(([pk]) => pk)).size).toBe(found.length);
  return Object.fromEntries(found);
}

async function urlOf(services: KillableServices, name: string): Promise<string> {
  return (await services.operator.sqs.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl ?? "";
}
