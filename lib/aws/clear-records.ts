import type { Cleared, Erasure } from "../engine/erasure.ts";
import { mapBounded } from "../engine/map-bounded.ts";
import type { RecordScope } from "../engine/record.ts";
import type { EraserWorld } from "./eraser.ts";
import { historyPartition } from "./history-store.ts";
import { text } from "./item.ts";
import type { Item } from "./item.ts";
import { recordKey, recordPartition } from "./record-item.ts";
import type { Table } from "./table.ts";

const recordsPage = 100;
const historiesAtOnce = 16;
const versionsPage = 200;

/** Some records of a connection with their histories: a record goes after its history, and leads to it until then. */
export async function clearRecordPages(
  world: EraserWorld,
  { partner, connectionId, resources }: Pick<Erasure, "partner" | "connectionId" | "resources">,
): Promise<Cleared> {
  for (const resource of resources) {
    const scope = { partner, connectionId, resource };
    const items = await pageOf(world.tables.records, recordPartition(scope), recordsPage);
    if (items.length === 0) continue;
    const counts = await mapBounded(items, historiesAtOnce, (item) => clearHistory(world, scope, item["sk"]?.S ?? ""));
    await world.tables.records.batchDelete(items.map(keyOf));
    const history = counts.reduce((sum, count) => sum + count, 0);
    return { removed: { records: items.length, history }, left: true };
  }
  return { removed: {}, left: false };
}

/** Every version of one record, with what of it is in the bucket. Returns how many there were. */
export async function clearHistory(world: EraserWorld, scope: RecordScope, externalId: string): Promise<number> {
  const { history } = world.tables;
  let removed = 0;
  let page: readonly Item[];
  do {
    page = await pageOf(history, historyPartition(scope, externalId), versionsPage);
    await clearClaims(world, page);
    await history.batchDelete(page.map(keyOf));
    removed += page.length;
  } while (page.length > 0);
  return removed;
}

/** One record; its history must be gone. Returns how many there were. */
export async function clearRecord(world: EraserWorld, scope: RecordScope, externalId: string): Promise<number> {
  const { records } = world.tables;
  const item = await records.get(recordKey(scope, externalId));
  if (item === null) return 0;
  await clearClaims(world, [item]);
  await records.batchDelete([keyOf(item)]);
  return 1;
}

async function clearClaims({ bucket }: EraserWorld, items: readonly Item[]): Promise<void> {
  for (const { dataClaim } of items) if (dataClaim?.S !== undefined) await bucket.delete(dataClaim.S);
}

async function pageOf(table: Table, partition: string, limit: number): Promise<readonly Item[]> {
  const answer = await table.query({
    KeyConditionExpression: "pk = :pk",
    ExpressionAttributeValues: { ":pk": text(partition) },
    ProjectionExpression: "pk, sk, dataClaim",
    ConsistentRead: true,
    Limit: limit,
  });
  return answer.items;
}

function keyOf({ pk, sk }: Item): Item {
  if (pk === undefined || sk === undefined) throw new Error("an item without its keys");
  return { pk, sk };
}
