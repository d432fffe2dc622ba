import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { AttributeType, ProjectionType, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StreamRecord } from "../../../lib/local/types.ts";
import { startFor, type StartedServices } from "./support/start.ts";
import { synthesiseStack } from "./support/synthesise.ts";

let folder: string;
let started: StartedServices;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-tables-"));
  const cdkOutDir = synthesiseStack(folder, (stack) => {
    const partitionKey = { name: "pk", type: AttributeType.STRING };
    const sortKey = { name: "sk", type: AttributeType.NUMBER };
    new Table(stack, "Plain", { tableName: "plain", partitionKey });
    const streamed = { partitionKey, sortKey, stream: StreamViewType.NEW_AND_OLD_IMAGES };
    new Table(stack, "Streamed", { tableName: "streamed", ...streamed, timeToLiveAttribute: "expiresAt" });
    const indexed = new Table(stack, "Indexed", { tableName: "indexed", partitionKey });
    indexed.addGlobalSecondaryIndex({
      indexName: "due",
      partitionKey: { name: "duePartition", type: AttributeType.STRING },
      sortKey: { name: "dueMs", type: AttributeType.NUMBER },
      projectionType: ProjectionType.KEYS_ONLY,
    });
  });
  started = await startFor(cdkOutDir, join(folder, "data"));
});

afterAll(async () => {
  await started.stop();
  rmSync(folder, { recursive: true, force: true });
});

const key = (pk: string, sk = 1) => ({ pk: { S: pk }, sk: { N: String(sk) } });

async function recordsOf(pk: string): Promise<StreamRecord[]> {
  const records: StreamRecord[] = [];
  let after: string | null = null;
  for (;;) {
    const page: readonly StreamRecord[] = await started.services.readStream("streamed", after, 100);
    if (page.length === 0) return records.filter(({ dynamodb }) => JSON.stringify(dynamodb.Keys).includes(`"${pk}"`));
    records.push(...page);
    after = page.at(-1)?.dynamodb.SequenceNumber ?? null;
  }
}

/** What happened, in short: event, old value, new value. */
async function storyOf(pk: string): Promise<unknown[]> {
  return (await recordsOf(pk)).map(({ eventName, dynamodb: { OldImage: before, NewImage: after } }) => [
    eventName,
    before?.["v"],
    after?.["v"],
  ]);
}

const v = (value: number) => ({ N: String(value) });

test("a failed condition gives back the item that was there, when asked", async () => {
  const { dynamodb } = started.operator;
  await dynamodb.send(new PutItemCommand({ TableName: "plain", Item: { pk: { S: "taken" }, v: { N: "1" } } }));

  const again = {
    TableName: "plain",
    Item: { pk: { S: "taken" }, v: { N: "2" } },
    ConditionExpression: "attribute_not_exists(pk)",
  };
  const refused = { name: "ConditionalCheckFailedException" };
  await expect(
    dynamodb.send(new PutItemCommand({ ...again, ReturnValuesOnConditionCheckFailure: "ALL_OLD" })),
  ).rejects.toMatchObject({ ...refused, Item: { pk: { S: "taken" }, v: { N: "1" } } });
  const silent = await dynamodb.send(new PutItemCommand(again)).catch((error: unknown) => error);
  expect(silent).toMatchObject(refused);
  expect(silent).not.toHaveProperty("Item.pk");
});

test("every change of a streamed table is told once, in order, with its images", async () => {
  const { dynamodb } = started.operator;
  const TableName = "streamed";
  await dynamodb.send(new PutItemCommand({ TableName, Item: { ...key("told"), v: { N: "1" } } }));
  await dynamodb.send(
    new UpdateItemCommand({
      TableName,
      Key: key("told"),
      UpdateExpression: "SET v = v + :one",
      ExpressionAttributeValues: { ":one": { N: "1" } },
    }),
  );
  await dynamodb.send(new DeleteItemCommand({ TableName, Key: key("told") }));

  expect(await storyOf("told")).toEqual([
    ["INSERT", undefined, v(1)],
    ["MODIFY", v(1), v(2)],
    ["REMOVE", v(2), undefined],
  ]);
  const [first, second] = await recordsOf("told");
  expect(first).toMatchObject({ eventSource: "aws:dynamodb", dynamodb: { Keys: key("told") } });
  expect(first?.eventSourceARN).toMatch(/^arn:aws:dynamodb:us-east-1:000000000000:table\/streamed\/stream\//);
  expect(first?.eventID).not.toBe(second?.eventID);
});

test("what changes nothing, or is refused, is not told", async () => {
  const { dynamodb } = started.operator;
  const put = { TableName: "streamed", Item: { ...key("still"), v: { N: "1" } } };
  await dynamodb.send(new PutItemCommand(put));
  await dynamodb.send(new PutItemCommand(put));
  await dynamodb.send(new DeleteItemCommand({ TableName: "streamed", Key: key("never there") }));
  const refused = new PutItemCommand({ ...put, ConditionExpression: "attribute_not_exists(pk)" });
  await expect(dynamodb.send(refused)).rejects.toMatchObject({ name: "ConditionalCheckFailedException" });

  expect(await storyOf("still")).toEqual([["INSERT", undefined, v(1)]]);
  expect(await storyOf("never there")).toEqual([]);
});

test("concurrent updates of one key are told in the order they happened", async () => {
  const { dynamodb } = started.operator;
  const increment = new UpdateItemCommand({
    TableName: "streamed",
    Key: key("counter"),
    UpdateExpression: "ADD v :one",
    ExpressionAttributeValues: { ":one": { N: "1" } },
  });
  await Promise.all(Array.from({ length: 20 }, () => dynamodb.send(increment)));

  const expected = Array.from({ length: 20 }, (_, index) => [
    index === 0 ? "INSERT" : "MODIFY",
    index === 0 ? undefined : v(index),
    v(index + 1),
  ]);
  expect(await storyOf("counter")).toEqual(expected);
});

test("a batch's changes are told each by itself", async () => {
  const { dynamodb } = started.operator;
  await dynamodb.send(new PutItemCommand({ TableName: "streamed", Item: { ...key("batch", 1), v: { N: "1" } } }));
  await dynamodb.send(
    new BatchWriteItemCommand({
      RequestItems: {
        streamed: [
          { DeleteRequest: { Key: key("batch", 1) } },
          { PutRequest: { Item: { ...key("batch", 2), v: { N: "2" } } } },
        ],
        plain: [{ PutRequest: { Item: { pk: { S: "beside" } } } }],
      },
    }),
  );

  expect(await storyOf("batch")).toEqual([
    ["INSERT", undefined, v(1)],
    ["REMOVE", v(1), undefined],
    ["INSERT", undefined, v(2)],
  ]);
  const read = await dynamodb.send(
    new BatchGetItemCommand({ RequestItems: { plain: { Keys: [{ pk: { S: "beside" } }] } } }),
  );
  expect(read.Responses?.["plain"]).toEqual([{ pk: { S: "beside" } }]);
});

test("an update returns what its caller asked for, whatever the stream needed", async () => {
  const { dynamodb } = started.operator;
  const update = (value: string, ReturnValues?: "ALL_OLD" | "ALL_NEW" | "UPDATED_OLD" | "UPDATED_NEW") =>
    dynamodb.send(
      new UpdateItemCommand({
        TableName: "streamed",
        Key: key("returned"),
        UpdateExpression: "SET v = :v",
        ExpressionAttributeValues: { ":v": { N: value } },
        ...(ReturnValues === undefined ? {} : { ReturnValues }),
      }),
    );
  const whole = (value: string) => ({ ...key("returned"), v: { N: value } });

  expect((await update("1")).Attributes).toBeUndefined();
  expect((await update("2", "ALL_OLD")).Attributes).toEqual(whole("1"));
  expect((await update("3", "ALL_NEW")).Attributes).toEqual(whole("3"));
  expect((await update("4", "UPDATED_OLD")).Attributes).toEqual({ v: { N: "3" } });
  expect((await update("5", "UPDATED_NEW")).Attributes).toEqual({ v: { N: "5" } });
  const told = (await recordsOf("returned")).map(({ dynamodb: { NewImage: image } }) => image?.["v"]);
  expect(told).toEqual([1, 2, 3, 4, 5].map(v));
});

test("a position in the stream is where reading goes on", async () => {
  const { dynamodb } = started.operator;
  const put = (v: string) => new PutItemCommand({ TableName: "streamed", Item: { ...key("position"), v: { N: v } } });
  for (const value of ["1", "2", "3"]) await dynamodb.send(put(value));

  const [first] = await recordsOf("position");
  const rest = await started.services.readStream("streamed", first?.dynamodb.SequenceNumber ?? null, 1);
  expect(rest.map(({ dynamodb: { NewImage: image } }) => image)).toEqual([{ ...key("position"), v: { N: "2" } }]);
});

test("an index follows its items", async () => {
  const { dynamodb } = started.operator;
  const put = (dueMs: string) =>
    new PutItemCommand({
      TableName: "indexed",
      Item: { pk: { S: "i" }, duePartition: { S: "0" }, dueMs: { N: dueMs } },
    });
  await dynamodb.send(put("100"));
  await dynamodb.send(put("200"));

  const query = new QueryCommand({
    TableName: "indexed",
    IndexName: "due",
    KeyConditionExpression: "duePartition = :part AND dueMs <= :now",
    ExpressionAttributeValues: { ":part": { S: "0" }, ":now": { N: "1000" } },
  });
  expect((await dynamodb.send(query)).Items).toEqual([
    { pk: { S: "i" }, duePartition: { S: "0" }, dueMs: { N: "200" } },
  ]);
});

test("a table describes its stream and time to live, and the latter can be changed", async () => {
  const { dynamodb } = started.operator;
  const { Table: table } = await dynamodb.send(new DescribeTableCommand({ TableName: "streamed" }));
  expect(table).toMatchObject({
    TableStatus: "ACTIVE",
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
    LatestStreamArn: started.model.tables.find(({ name }) => name === "streamed")?.streamArn,
  });
  const describe = (TableName: string) => dynamodb.send(new DescribeTimeToLiveCommand({ TableName }));
  expect((await describe("streamed")).TimeToLiveDescription).toEqual({
    TimeToLiveStatus: "ENABLED",
    AttributeName: "expiresAt",
  });
  const specification = { AttributeName: "until", Enabled: true };
  await dynamodb.send(new UpdateTimeToLiveCommand({ TableName: "plain", TimeToLiveSpecification: specification }));
  expect((await describe("plain")).TimeToLiveDescription?.AttributeName).toBe("until");
});

test("transactions are refused, and say so", async () => {
  const transaction = new TransactWriteItemsCommand({
    TransactItems: [{ Put: { TableName: "plain", Item: { pk: { S: "x" } } } }],
  });
  await expect(started.operator.dynamodb.send(transaction)).rejects.toThrow(
    "TransactWriteItems is not offered by the local stack",
  );
});

test("an item over 400 KB is refused", async () => {
  const Item = { pk: { S: "large" }, body: { S: "x".repeat(400 * 1024) } };
  await expect(started.operator.dynamodb.send(new PutItemCommand({ TableName: "plain", Item }))).rejects.toMatchObject({
    name: "ValidationException",
  });
  const read = await started.operator.dynamodb.send(
    new GetItemCommand({ TableName: "plain", Key: { pk: { S: "large" } } }),
  );
  expect(read.Item).toBeUndefined();
});
