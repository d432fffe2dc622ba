import * as z from "zod";
import { noRemains } from "../engine/erasure.ts";
import type { Counted, Erasure, Remains } from "../engine/erasure.ts";
import { InvalidCursor } from "../engine/page-cursor.ts";
import { claimPrefixesOf } from "./claim-key.ts";
import type { EraserWorld } from "./eraser.ts";
import { text } from "./item.ts";
import type { Item } from "./item.ts";
import { recordPartition } from "./record-item.ts";
import type { Table } from "./table.ts";

type Of = Pick<Erasure, "partner" | "connectionId" | "resources">;

/** Of 1 MB each. */
const pagesAtOnce = 20;

/** Where a scan goes on: an item's key, of strings and numbers. */
const ScanFrom = z.record(z.string().max(20), z.union([z.object({ S: z.string() }), z.object({ N: z.string() })]));
const Cursor = z.strictObject({ table: z.enum(["history", "idempotency"]), from: ScanFrom.nullable() });
type Cursor = z.infer<typeof Cursor>;

/**
 * What is left: partitions and prefixes at once, then the two tables that have to be looked through to be sure. That reads
 * all of them, which is the point: what no key leads to is what would be overlooked.
 */
export async function countRemains(world: EraserWorld, of: Of, after: string | null): Promise<Counted> {
  const at = after === null ? { table: "history" as const, from: null } : decode(after);
  const found = after === null ? await countByKey(world, of) : noRemains;
  const { count, next } = await lookThrough(world.tables[at.table], filterOf(at.table, of), at.from);
  const counts: Remains = { ...found, [at.table === "history" ? "history" : "answers"]: count };
  if (next !== null) return { counts, next: encode({ table: at.table, from: next }) };
  return { counts, next: at.table === "history" ? encode({ table: "idempotency", from: null }) : null };
}

async function countByKey({ tables, bucket }: EraserWorld, of: Of): Promise<Remains> {
  const partition = `${of.partner}#${of.connectionId}`;
  const records = await Promise.all(
    of.resources.map((resource) => countOf(tables.records, recordPartition({ ...of, resource }))),
  );
  const objects = await Promise.all(claimPrefixesOf(of).map(async (prefix) => (await bucket.list(prefix)).length));
  const [failures, runs, all] = await Promise.all([
    countOf(tables.failures, partition),
    countOf(tables.runs, partition),
    countOf(tables.connections, partition),
  ]);
  const meta = await tables.connections.get({ pk: text(partition), sk: text("meta") });
  const mark = meta?.["erasure"] === undefined ? 0 : 1;
  return { ...noRemains, records: sum(records), objects: sum(objects), failures, runs, connection: all - mark };
}

async function countOf(table: Table, partition: string): Promise<number> {
  const answer = await table.query({
    KeyConditionExpression: "pk = :pk",
    ExpressionAttributeValues: { ":pk": text(partition) },
    Select: "COUNT",
    ConsistentRead: true,
  });
  return answer.count;
}

/** The API's kept answers that name a connection: Powertools keeps them under `data`. */
export function answersOf({ connectionId }: Pick<Erasure, "connectionId">) {
  return {
    FilterExpression: "contains(#data.#body, :connection)",
    ProjectionExpression: "#id",
    ExpressionAttributeNames: { "#data": "data", "#body": "body", "#id": "id" },
    ExpressionAttributeValues: { ":connection": text(connectionId) },
  };
}

type Scan = Parameters<Table["scan"]>[0];

function filterOf(table: Cursor["table"], of: Of): Scan {
  if (table === "idempotency") return { ...answersOf(of), ConsistentRead: true };
  return {
    FilterExpression: "begins_with(pk, :prefix)",
    ProjectionExpression: "pk, sk",
    ExpressionAttributeValues: { ":prefix": text(`${of.partner}#${of.connectionId}#`) },
    ConsistentRead: true,
  };
}

async function lookThrough(
  table: Table,
  filter: Scan,
  start: Item | null,
): Promise<{ readonly count: number; readonly next: Item | null }> {
  let count = 0;
  let from = start;
  for (let page = 0; page < pagesAtOnce; page++) {
    const answer = await table.scan({ ...filter, ...(from !== null && { ExclusiveStartKey: from }) });
    count += answer.items.length;
    from = answer.lastKey;
    if (from === null) break;
  }
  return { count, next: from };
}

function encode(cursor: { readonly table: Cursor["table"]; readonly from: Item | null }): string {
  return Buffer.from(JSON.stringify(cursor)).toString("base64url");
}

function decode(text: string): Cursor {
  try {
    return Cursor.parse(JSON.parse(Buffer.from(text, "base64url").toString("utf8")));
  } catch {
    throw new InvalidCursor();
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
