import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { IndexShape, TableShape } from "../../../lib/constructs/table.ts";

export type StoredItem = Readonly<Record<string, AttributeValue>>;

/*
 * What AWS counts, from its own pages: the stand-in for DynamoDB counts no indexes, no failed conditions and no empty queries.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes
 */

/** A consistent read: a unit for each 4 KB, and one for what is not there. */
export function readUnits(item: StoredItem | null): number {
  return Math.max(1, Math.ceil(bytesOf(item ?? {}) / 4_096));
}

/** A write by the larger of what was and what is, and what it moves in the indexes. */
export function writeUnits(shape: TableShape, before: StoredItem | null, after: StoredItem | null): number {
  const own = Math.max(kilobytesOf(before ?? {}), kilobytesOf(after ?? {}));
  const indexes = shape.indexes ?? [];
  return own + indexes.reduce((sum, index) => sum + indexUnits(shape, index, before, after), 0);
}

/** A failed condition is paid like a write of what is there. */
export function refusedUnits(before: StoredItem | null): number {
  return kilobytesOf(before ?? {});
}

function indexUnits(shape: TableShape, index: IndexShape, before: StoredItem | null, after: StoredItem | null): number {
  const [was, is] = [entryOf(shape, index, before), entryOf(shape, index, after)];
  if (was === null) return is === null ? 0 : kilobytesOf(is);
  if (is === null) return kilobytesOf(was);
  if (isSame(was, is)) return 0;
  // An entry under another key is deleted and put; under the same key it is put.
  const keys = [index.partitionKey, index.sortKey.name];
  const stays = keys.every((key) => JSON.stringify(was[key]) === JSON.stringify(is[key]));
  return stays ? Math.max(kilobytesOf(was), kilobytesOf(is)) : kilobytesOf(was) + kilobytesOf(is);
}

/** What an index holds of an item; null of one without the index's keys. */
function entryOf(shape: TableShape, index: IndexShape, item: StoredItem | null): StoredItem | null {
  if (item === null || item[index.partitionKey] === undefined || item[index.sortKey.name] === undefined) return null;
  if (index.include === undefined) return item;
  const keys = [shape.partitionKey, shape.sortKey?.name, index.partitionKey, index.sortKey.name];
  const kept = new Set([...keys, ...index.include]);
  return Object.fromEntries(Object.entries(item).filter(([name]) => kept.has(name)));
}

function isSame(a: StoredItem, b: StoredItem): boolean {
  const text = (item: StoredItem): string =>
    JSON.stringify(Object.entries(item).toSorted(([x], [y]) => (x < y ? -1 : 1)));
  return text(a) === text(b);
}

function kilobytesOf(item: StoredItem): number {
  return Math.max(1, Math.ceil(bytesOf(item) / 1_024));
}

/** Names and values: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
export function bytesOf(item: StoredItem): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);
}

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return Math.ceil(value.N.replace(/[^0-9]/g, "").length / 2) + 1;
  if (value.B !== undefined) return value.B.byteLength;
  if (value.BOOL !== undefined || value.NULL !== undefined) return 1;
  throw new Error(`the stores keep no attribute like ${Object.keys(value).join(", ")}`);
}
