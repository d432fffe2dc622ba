import { join } from "node:path";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import type { StackModel } from "../../../lib/local/types.ts";
import { openBackends, type Backends } from "../../../lib/local/services/backends.ts";
import { removeExpiredMessages } from "../../../lib/local/services/queues/durability.ts";
import { writeItem } from "../../../lib/local/services/tables/item-writer.ts";
import { createTimeToLiveSweeper } from "../../../lib/local/services/tables/time-to-live.ts";
import { loadStackModel } from "../../../lib/local/template/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { synthesiseStack } from "./support/synthesise.ts";
import { AttributeType, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { Duration } from "aws-cdk-lib";

const nowMs = Date.UTC(2026, 10, 20);
const nowSeconds = nowMs / 1000;

let model: StackModel;

beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-ttl-"));
  const cdkOutDir = synthesiseStack(folder, (stack) => {
    new Table(stack, "Sessions", {
      tableName: "sessions",
      partitionKey: { name: "pk", type: AttributeType.STRING },
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      timeToLiveAttribute: "expiresAt",
    });
    new Queue(stack, "Jobs", { queueName: "jobs", retentionPeriod: Duration.hours(1) });
  });
  model = loadStackModel(cdkOutDir);
  rmSync(folder, { recursive: true });
});

async function openTestBackends(): Promise<Backends> {
  const backends = await openBackends(model, join(temporaryFolder(), "data"), () => nowMs);
  onTestFinished(() => backends.close());
  return backends;
}

test("what has expired is removed, and the stream says by whom", async () => {
  const { tables } = await openTestBackends();
  const put = (pk: string, expiresAt: unknown) =>
    writeItem(tables, "PutItem", { TableName: "sessions", Item: { pk: { S: pk }, expiresAt } });
  await put("over", { N: String(nowSeconds - 1) });
  await put("lasting", { N: String(nowSeconds + 1) });
  await put("no number", { S: String(nowSeconds - 1) });
  await put("ages ago", { N: "1" });

  expect(await createTimeToLiveSweeper(tables).sweep(nowMs)).toBe(1);

  const { Items: items } = await tables.dynalite.call("Scan", { TableName: "sessions" });
  expect(items).toHaveLength(3);
  for (const pk of ["ages ago", "lasting", "no number"]) expect(JSON.stringify(items)).toContain(`"${pk}"`);
  const records = tables.journal.read("sessions", "arn", null, 100);
  expect(records.at(-1)).toMatchObject({
    eventName: "REMOVE",
    userIdentity: { type: "Service", principalId: "dynamodb.amazonaws.com" },
    dynamodb: { Keys: { pk: { S: "over" } } },
  });
  expect(records.filter((record) => record.userIdentity !== undefined)).toHaveLength(1);
});

test("a large table is swept page by page", async () => {
  const { tables } = await openTestBackends();
  const count = 1_100;
  for (let index = 0; index < count; index++) {
    const Item = { pk: { S: String(index) }, expiresAt: { N: String(nowSeconds - 1) } };
    await tables.dynalite.call("PutItem", { TableName: "sessions", Item });
  }
  const sweeper = createTimeToLiveSweeper(tables);

  const first = await sweeper.sweep(nowMs);
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThan(count);
  expect(first + (await sweeper.sweep(nowMs)) + (await sweeper.sweep(nowMs))).toBe(count);
});

test("messages older than their queue keeps them are removed", async () => {
  const { fauxqs } = await openTestBackends();
  const send = await fauxqs.action("sendMessage");
  send({ QueueUrl: "http://127.0.0.1/jobs", MessageBody: "old" }, fauxqs.queues, { headers: {} });
  const sentMs = fauxqs.queues.getQueueByName("jobs")?.messages[0]?.sentTimestamp ?? 0;

  expect(removeExpiredMessages(fauxqs, sentMs + 3_600_000)).toBe(0);
  expect(removeExpiredMessages(fauxqs, sentMs + 3_600_001)).toBe(1);
  expect(fauxqs.queues.getQueueByName("jobs")?.messages).toEqual([]);
  expect(fauxqs.persistence.db.prepare("SELECT count(*) AS count FROM sqs_messages").get()).toEqual({ count: 0 });
});

test("stream records are kept for the retention, no longer", async () => {
  const { tables } = await openTestBackends();
  await writeItem(tables, "PutItem", { TableName: "sessions", Item: { pk: { S: "a" } } });

  tables.journal.prune(nowMs);
  expect(tables.journal.read("sessions", "arn", null, 10)).toHaveLength(1);
  tables.journal.prune(nowMs + 1);
  expect(tables.journal.read("sessions", "arn", null, 10)).toHaveLength(0);
});
