import { createRequire } from "node:module";
import { join } from "node:path";
import { AttributeType, ProjectionType, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { beforeAll, expect, test } from "vitest";
import type { StackModel } from "../../../lib/local/types.ts";
import { openBackends, type Backends } from "../../../lib/local/services/backends.ts";
import { writeItem } from "../../../lib/local/services/tables/item-writer.ts";
import type { Intent } from "../../../lib/local/services/tables/write-journal.ts";
import { loadStackModel } from "../../../lib/local/template/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { synthesiseStack } from "./support/synthesise.ts";

// What a SIGKILL leaves behind at each step of a write, made by hand: the journal first, then the index, then the item.

interface Bench {
  readonly dataDir: string;
  open(): Promise<Backends>;
}

let model: StackModel;

beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-recover-"));
  const cdkOutDir = synthesiseStack(folder, (stack) => {
    const table = new Table(stack, "Jobs", {
      tableName: "jobs",
      partitionKey: { name: "pk", type: AttributeType.STRING },
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
    });
    table.addGlobalSecondaryIndex({
      indexName: "due",
      partitionKey: { name: "duePartition", type: AttributeType.STRING },
      sortKey: { name: "dueMs", type: AttributeType.NUMBER },
      projectionType: ProjectionType.ALL,
    });
  });
  model = loadStackModel(cdkOutDir);
  rmSync(folder, { recursive: true });
});

function makeBench(): Bench {
  const dataDir = join(temporaryFolder(), "data");
  return { dataDir, open: () => openBackends(model, dataDir, Date.now) };
}

const item = (dueMs: number) => ({ pk: { S: "job" }, duePartition: { S: "0" }, dueMs: { N: String(dueMs) } });

function intentFor(oldDueMs: number | null, dueMs: number, more: Readonly<Record<string, unknown>> = {}): Intent {
  return {
    tableName: "jobs",
    operation: "PutItem",
    input: { TableName: "jobs", Item: item(dueMs), ...more },
    key: { pk: { S: "job" } },
    oldImage: oldDueMs === null ? null : item(oldDueMs),
    byTimeToLive: false,
  };
}

async function itemsOf({ tables }: Backends): Promise<unknown> {
  return (await tables.dynalite.call("Scan", { TableName: "jobs" }))["Items"];
}

async function indexOf({ tables }: Backends): Promise<unknown> {
  const query = {
    TableName: "jobs",
    IndexName: "due",
    KeyConditionExpression: "duePartition = :part",
    ExpressionAttributeValues: { ":part": { S: "0" } },
  };
  return (await tables.dynalite.call("Query", query))["Items"];
}

function storyOf({ tables }: Backends): unknown[] {
  return tables.journal
    .read("jobs", "arn", null, 100)
    .map(({ eventName, dynamodb }) => [eventName, dynamodb.OldImage ?? null, dynamodb.NewImage ?? null]);
}

test("killed after the journal and before the item: the write is made good and told", async () => {
  const bench = makeBench();
  const before = await bench.open();
  await writeItem(before.tables, "PutItem", { TableName: "jobs", Item: item(1) });
  before.tables.journal.begin([intentFor(1, 2)]);
  await before.close();

  const after = await bench.open();
  expect(await itemsOf(after)).toEqual([item(2)]);
  expect(storyOf(after)).toEqual([
    ["INSERT", null, item(1)],
    ["MODIFY", item(1), item(2)],
  ]);
  await after.close();
});

test("killed after the item and before its record: the record is completed, the write not repeated", async () => {
  const bench = makeBench();
  const before = await bench.open();
  before.tables.journal.begin([intentFor(null, 7, { ConditionExpression: "attribute_not_exists(pk)" })]);
  await before.tables.dynalite.call("PutItem", { TableName: "jobs", Item: item(7) });
  await before.close();

  const after = await bench.open();
  expect(await itemsOf(after)).toEqual([item(7)]);
  expect(storyOf(after)).toEqual([["INSERT", null, item(7)]]);
  await after.close();
});

test("killed before a write that its condition refuses: nothing happened and nothing is told", async () => {
  const bench = makeBench();
  const before = await bench.open();
  await writeItem(before.tables, "PutItem", { TableName: "jobs", Item: item(1) });
  before.tables.journal.begin([intentFor(1, 2, { ConditionExpression: "attribute_not_exists(pk)" })]);
  await before.close();

  const after = await bench.open();
  expect(await itemsOf(after)).toEqual([item(1)]);
  expect(storyOf(after)).toEqual([["INSERT", null, item(1)]]);
  expect(after.tables.journal.pending()).toEqual([]);
  await after.close();
});

test("killed between index and item: both agree again", async () => {
  const bench = makeBench();
  const before = await bench.open();
  await writeItem(before.tables, "PutItem", { TableName: "jobs", Item: item(1) });
  before.tables.journal.begin([intentFor(1, 2)]);
  await before.close();
  await changeIndexOnly(bench.dataDir, item(1), item(2));

  const after = await bench.open();
  expect(await itemsOf(after)).toEqual([item(2)]);
  expect(await indexOf(after)).toEqual([item(2)]);
  await after.close();
});

test("a record that is under way holds back those behind it", async () => {
  const bench = makeBench();
  const { tables, close } = await bench.open();
  await writeItem(tables, "PutItem", { TableName: "jobs", Item: item(1) });
  const [sequence = 0] = tables.journal.begin([intentFor(1, 2)]);
  await writeItem(tables, "PutItem", { TableName: "jobs", Item: { pk: { S: "another" } } });

  expect(tables.journal.read("jobs", "arn", null, 10)).toHaveLength(1);
  tables.journal.drop([sequence]);
  expect(tables.journal.read("jobs", "arn", null, 10)).toHaveLength(2);
  await close();
});

/** The first half of dynalite's write, with its own code: the index has the new item, the table the old one. */
async function changeIndexOnly(dataDir: string, oldItem: unknown, newItem: unknown): Promise<void> {
  const require = createRequire(import.meta.url);
  type Store = {
    db: { close(): Promise<void> };
    getTable(name: string, callback: (error: unknown, table: unknown) => void): void;
  };
  // A package without types.
  const database = require("dynalite/db") as {
    create(options: { path: string }): Store;
    updateIndexes(
      store: Store,
      table: unknown,
      before: unknown,
      after: unknown,
      callback: (error: unknown) => void,
    ): void;
  };
  const store = database.create({ path: join(dataDir, "tables") });
  const table = await new Promise((resolve, reject) =>
    store.getTable("jobs", (error, found) =>
      error ? reject(new Error("getTable failed", { cause: error })) : resolve(found),
    ),
  );
  await new Promise<void>((resolve, reject) =>
    database.updateIndexes(store, table, oldItem, newItem, (error) =>
      error ? reject(new Error("updateIndexes failed", { cause: error })) : resolve(),
    ),
  );
  await store.db.close();
}
