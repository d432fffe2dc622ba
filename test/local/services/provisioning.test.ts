import { PutItemCommand, QueryCommand, ScanCommand, type AttributeValue } from "@aws-sdk/client-dynamodb";
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { Duration, type Stack } from "aws-cdk-lib";
import { AttributeType, Table } from "aws-cdk-lib/aws-dynamodb";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startFor, type StartedServices } from "./support/start.ts";
import { synthesiseStack } from "./support/synthesise.ts";

// A data folder outlives the templates it was made for.

async function start(dataDir: string, build: (stack: Stack) => void): Promise<StartedServices> {
  return startFor(synthesiseStack(temporaryFolder(), build), dataDir);
}

function tableWith(indexNames: readonly string[], partitionKeyType = AttributeType.STRING): (stack: Stack) => void {
  return (stack) => {
    const table = new Table(stack, "T", { tableName: "things", partitionKey: { name: "pk", type: partitionKeyType } });
    for (const indexName of indexNames) {
      table.addGlobalSecondaryIndex({ indexName, partitionKey: { name: indexName, type: AttributeType.STRING } });
    }
  };
}

async function foundIn(started: StartedServices, index: string, value: string): Promise<(string | undefined)[]> {
  const { Items: items = [] } = await started.operator.dynamodb.send(
    new QueryCommand({
      TableName: "things",
      IndexName: index,
      KeyConditionExpression: "#index = :value",
      ExpressionAttributeNames: { "#index": index },
      ExpressionAttributeValues: { ":value": { S: value } },
    }),
  );
  return items
    .map((item: Record<string, AttributeValue>) => item["pk"]?.S)
    .toSorted((a = "", b = "") => a.localeCompare(b));
}

test("a table keeps its items and gets the indexes of a later template", async () => {
  const dataDir = join(temporaryFolder(), "data");
  const first = await start(dataDir, tableWith(["color"]));
  for (const [pk, color, shape] of [
    ["a", "red", "round"],
    ["b", "red", "flat"],
    ["c", "blue", "flat"],
  ] as const) {
    const Item = { pk: { S: pk }, color: { S: color }, shape: { S: shape } };
    await first.operator.dynamodb.send(new PutItemCommand({ TableName: "things", Item }));
  }
  await first.stop();

  const second = await start(dataDir, tableWith(["shape"]));
  expect(await foundIn(second, "shape", "flat")).toEqual(["b", "c"]);
  await expect(foundIn(second, "color", "red")).rejects.toMatchObject({ name: "ValidationException" });
  const Item = { pk: { S: "b" }, color: { S: "green" }, shape: { S: "round" } };
  await second.operator.dynamodb.send(new PutItemCommand({ TableName: "things", Item }));
  expect(await foundIn(second, "shape", "flat")).toEqual(["c"]);
  await second.stop();

  const third = await start(dataDir, tableWith(["shape", "color"]));
  expect(await foundIn(third, "color", "red")).toEqual(["a"]);
  expect(await foundIn(third, "shape", "round")).toEqual(["a", "b"]);
  const { Count: count } = await third.operator.dynamodb.send(new ScanCommand({ TableName: "things" }));
  expect(count).toBe(3);
  await third.stop();
}, 60_000);

test("a table whose keys have changed is refused, and the folder given back", async () => {
  const dataDir = join(temporaryFolder(), "data");
  await (await start(dataDir, tableWith([]))).stop();
  await expect(start(dataDir, tableWith([], AttributeType.NUMBER))).rejects.toThrow(
    /The table things in the data folder has other keys .* Start with fresh state/,
  );
  const again = await start(dataDir, tableWith([]));
  onTestFinished(() => again.stop());
});

test("a queue keeps its messages and gets the attributes of a later template", async () => {
  const dataDir = join(temporaryFolder(), "data");
  const queueWith = (more: { visibilityTimeout?: Duration; retentionPeriod?: Duration }) => (stack: Stack) =>
    void new Queue(stack, "Q", { queueName: "jobs", ...more });
  const urlOf = async (started: StartedServices): Promise<string> =>
    (await started.operator.sqs.send(new GetQueueUrlCommand({ QueueName: "jobs" }))).QueueUrl ?? "";
  const first = await start(
    dataDir,
    queueWith({ visibilityTimeout: Duration.seconds(5), retentionPeriod: Duration.days(9) }),
  );
  await first.operator.sqs.send(new SendMessageCommand({ QueueUrl: await urlOf(first), MessageBody: "kept" }));
  await first.stop();

  const second = await start(dataDir, queueWith({ visibilityTimeout: Duration.seconds(77) }));
  onTestFinished(() => second.stop());
  const QueueUrl = await urlOf(second);
  const described = await second.operator.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }),
  );
  // The retention is no longer in the template, so it is SQS's own four days again.
  expect(described.Attributes).toMatchObject({ VisibilityTimeout: "77", MessageRetentionPeriod: "345600" });
  const { Messages: messages } = await second.operator.sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  expect(messages?.map(({ Body: body }) => body)).toEqual(["kept"]);
});
