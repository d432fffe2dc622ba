import { finishPage, planPage } from "../engine/page-cursor.ts";
import type { PagePlan } from "../engine/page-cursor.ts";
import type { Page, PageRequest } from "../engine/ports.ts";
import { mapBounded } from "../engine/map-bounded.ts";
import { number, text, textOf } from "./item.ts";
import type { Item } from "./item.ts";
import type { Query, Table } from "./table.ts";

/** One list over one or several partitions of a table or of an index, ordered by a sort key of strings. */
export interface ListQuery<T> {
  readonly index: string | null;
  readonly partitionName: string;
  readonly partitions: readonly string[];
  readonly sortName: string;
  readonly order: "ascending" | "descending";
  /** Where the total is counted: an index with smaller items, if there is one. */
  readonly countIndex: string | null;
  /** What has this attribute stands in the index and is none of the list. */
  readonly without?: string;
  /** The values of these items, in their order; null drops one that is gone meanwhile. */
  readonly load: (items: readonly Item[]) => Promise<readonly (T | null)[]>;
}

/** A list's total is counted up to here, and with its first page alone: counting costs as much as reading. */
export const countedMax = 10_000;
const partitionsAtOnce = 8;
/** A query answers with at most 1 MB: so many are enough for a page of the largest items. */
const roundsMax = 48;
const lookedAtMax = 1_000;

/** Reads one page. Throws `InvalidCursor`. */
export async function readPage<T>(table: Table, list: ListQuery<T>, request: PageRequest): Promise<Page<T>> {
  const plan = planPage(request);
  const parts = await mapBounded(list.partitions, partitionsAtOnce, (partition) =>
    readPartition(table, list, partition, plan),
  );
  const inOrder = isRising(list, plan) ? byBytes : (a: string, b: string) => byBytes(b, a);
  // Of what lies beyond where one partition was left nothing can be said.
  const reached = parts.flatMap((part) => part.reached ?? []).toSorted(inOrder)[0] ?? null;
  const rows = parts
    .flatMap((part) => part.items)
    .map((item) => ({ key: textOf(table.name, item, list.sortName), item }))
    .filter((row) => reached === null || inOrder(row.key, reached) <= 0)
    .toSorted((a, b) => inOrder(a.key, b.key));
  const taken = rows.slice(0, plan.limit);
  const values = await list.load(taken.map((row) => row.item));
  const present = taken.flatMap((row, index) => {
    const value = values[index] ?? null;
    return value === null ? [] : [{ key: row.key, value }];
  });
  const beyond = rows.length > plan.limit;
  const isWhole = plan.after === null && !beyond && reached === null;
  const total = plan.total ?? (isWhole ? rows.length : await count(table, list));
  // From the last row and not from the last value: a page whose values are all gone leads on too.
  const scannedTo = beyond ? (taken.at(-1)?.key ?? null) : reached;
  return finishPage(plan, present, beyond || reached !== null, total, scannedTo);
}

/** The items of an index whose time has come, oldest first, over all shards. */
export async function readDue(
  table: Table,
  index: { readonly name: string; readonly partitionName: string; readonly timeName: string },
  shards: readonly string[],
  bounds: { readonly untilMs: number; readonly limit: number },
): Promise<readonly Item[]> {
  const read = await mapBounded(shards, partitionsAtOnce, async (shard) => {
    const answer = await table.query({
      IndexName: index.name,
      KeyConditionExpression: "#partition = :partition AND #time <= :until",
      ExpressionAttributeNames: { "#partition": index.partitionName, "#time": index.timeName },
      ExpressionAttributeValues: { ":partition": text(shard), ":until": number(bounds.untilMs) },
      Limit: bounds.limit,
    });
    return answer.items;
  });
  const timeOf = (item: Item): number => Number(item[index.timeName]?.N);
  return read
    .flat()
    .toSorted((a, b) => timeOf(a) - timeOf(b))
    .slice(0, bounds.limit);
}

interface Part {
  readonly items: readonly Item[];
  /** The last key that was looked at, where that was too little for a page and there is more. */
  readonly reached: string | null;
}

async function readPartition<T>(table: Table, list: ListQuery<T>, partition: string, plan: PagePlan): Promise<Part> {
  const rising = isRising(list, plan);
  const items: Item[] = [];
  let from: Item | null = null;
  for (let round = 0; round < roundsMax && items.length <= plan.limit; round += 1) {
    const wanted = plan.limit + 1 - items.length;
    const answer = await table.query({
      ...keyCondition(list, partition, plan.after, rising),
      ...(list.index === null ? { ConsistentRead: true } : { IndexName: list.index }),
      ...(from !== null && { ExclusiveStartKey: from }),
      ScanIndexForward: rising,
      // A limit counts what is looked at: where much is left out, more is looked at each time.
      Limit: list.without === undefined ? wanted : Math.min(lookedAtMax, wanted * 2 ** round),
    });
    items.push(...answer.items);
    from = answer.lastKey;
    if (from === null) return { items, reached: null };
  }
  if (from === null || items.length > plan.limit) return { items, reached: null };
  return { items, reached: textOf(table.name, from, list.sortName) };
}

function keyCondition<T>(list: ListQuery<T>, partition: string, after: string | null, rising: boolean): Query {
  const { without } = list;
  const range = after === null ? "" : ` AND #sort ${rising ? ">" : "<"} :after`;
  return {
    KeyConditionExpression: `#partition = :partition${range}`,
    ...(without !== undefined && { FilterExpression: "attribute_not_exists(#without)" }),
    ExpressionAttributeNames: {
      "#partition": list.partitionName,
      ...(after !== null && { "#sort": list.sortName }),
      ...(without !== undefined && { "#without": without }),
    },
    ExpressionAttributeValues: { ":partition": text(partition), ...(after !== null && { ":after": text(after) }) },
  };
}

async function count<T>(table: Table, list: ListQuery<T>): Promise<number> {
  const index = list.countIndex ?? list.index;
  const counts = await mapBounded(list.partitions, partitionsAtOnce, async (partition) => {
    let total = 0;
    let from: Item | null = null;
    do {
      const answer = await table.query({
        ...keyCondition(list, partition, null, true),
        ...(index !== null && { IndexName: index }),
        ...(from !== null && { ExclusiveStartKey: from }),
        Select: "COUNT",
        Limit: countedMax - total,
      });
      total += answer.count;
      from = answer.lastKey;
    } while (from !== null && total < countedMax);
    return total;
  });
  return Math.min(
    countedMax,
    counts.reduce((sum, one) => sum + one, 0),
  );
}

function isRising<T>(list: ListQuery<T>, plan: PagePlan): boolean {
  return (list.order === "ascending") === (plan.direction === "next");
}

/** As DynamoDB sorts strings. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
