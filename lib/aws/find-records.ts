import { mapBounded } from "../engine/map-bounded.ts";
import { finishPage, planPage } from "../engine/page-cursor.ts";
import type { PagePlan } from "../engine/page-cursor.ts";
import type { PageRequest, RecordStore } from "../engine/ports.ts";
import { isWanted } from "../engine/record.ts";
import type { RecordFilter, RecordMark, RecordScope, StoredRecord } from "../engine/record.ts";
import type { Bucket } from "./claim-checks.ts";
import { flag, number, text } from "./item.ts";
import type { Item } from "./item.ts";
import { loadRecord } from "./load-record.ts";
import { markOfItem, markProjection, recordKey, recordPartition } from "./record-item.ts";
import type { Query, Table } from "./table.ts";

/** More each time: most lists hold what is wanted close by. A query looks at 1 MB at most, some 6,000 items of this index. */
const lookedAtFirst = 4;
const growth = 8;
const roundsMax = 6;
/** Of at most 400 KB each: what one BatchGetItem answers with is 16 MB. */
const loadedAtOnce = 25;
const claimsAtOnce = 4;

/**
 * Looks for records by the digests index and fetches those that are wanted. An index by the time of writing would find
 * them without looking at others, and would cost every change two more writes, as its key moves: a delete and a put,
 * $1.25 a million, for ever. Looking at a million records here costs a tenth of a dollar at most, and what wants each
 * change takes the events. So the index that is there is looked through, and a page leads on from wherever it got to.
 */
export async function findRecords(
  world: { readonly table: Table; readonly bucket: Bucket },
  scope: RecordScope,
  filter: RecordFilter,
  request: PageRequest,
): Promise<Awaited<ReturnType<RecordStore["find"]>>> {
  const { table } = world;
  const plan = planPage(request);
  const { marks, scannedTo } = await lookThrough(table, scope, filter, plan);
  const keys = marks.map(({ externalId }) => recordKey(scope, externalId));
  const found = new Map((await load(world, scope, keys)).map((record) => [record.externalId, record]));
  const rows = marks.flatMap(({ externalId }) => {
    const value = found.get(externalId);
    // It may be deleted, or be there again, since the index was written.
    return value === undefined || !isWanted(filter, value) ? [] : [{ key: externalId, value }];
  });
  const { items, next, previous } = finishPage(plan, rows, scannedTo !== null, 0, scannedTo);
  return { items, next, previous };
}

/** The marks of a page; `scannedTo` is null where the list's end was met. */
async function lookThrough(
  table: Table,
  scope: RecordScope,
  filter: RecordFilter,
  plan: PagePlan,
): Promise<{ readonly marks: readonly RecordMark[]; readonly scannedTo: string | null }> {
  const marks: RecordMark[] = [];
  let from: Item | null = null;
  for (let round = 0; round < roundsMax; round += 1) {
    const answer = await table.query({
      ...queryFor(scope, filter, plan),
      Limit: plan.limit * lookedAtFirst * growth ** round,
      ...(from !== null && { ExclusiveStartKey: from }),
    });
    marks.push(...answer.items.map((item) => markOfItem(table.name, item)));
    from = answer.lastKey;
    if (from === null || marks.length > plan.limit) break;
  }
  const page = marks.slice(0, plan.limit);
  const beyond = marks.length > page.length ? page.at(-1)?.externalId : from?.["sk"]?.S;
  return { marks: page, scannedTo: beyond ?? null };
}

function queryFor(scope: RecordScope, filter: RecordFilter, plan: PagePlan): Query {
  const rising = plan.direction === "next";
  const { writtenSinceMs, deleted } = filter;
  const wanted = [
    ...(writtenSinceMs === null ? [] : ["#writtenAtMs >= :since"]),
    ...(deleted === "include" ? [] : ["#deleted = :deleted"]),
  ];
  return {
    ...markProjection,
    IndexName: "digests",
    KeyConditionExpression: plan.after === null ? "pk = :pk" : `pk = :pk AND sk ${rising ? ">" : "<"} :after`,
    ...(wanted.length > 0 && { FilterExpression: wanted.join(" AND ") }),
    ExpressionAttributeValues: {
      ":pk": text(recordPartition(scope)),
      ...(plan.after !== null && { ":after": text(plan.after) }),
      ...(writtenSinceMs !== null && { ":since": number(writtenSinceMs) }),
      ...(deleted !== "include" && { ":deleted": flag(deleted === "only") }),
    },
    ScanIndexForward: rising,
  };
}

async function load(
  { table, bucket }: { readonly table: Table; readonly bucket: Bucket },
  scope: RecordScope,
  keys: readonly Item[],
): Promise<readonly StoredRecord[]> {
  const items: Item[] = [];
  for (let start = 0; start < keys.length; start += loadedAtOnce)
    items.push(...(await table.batchGet(keys.slice(start, start + loadedAtOnce))));
  return mapBounded(items, claimsAtOnce, (item) => loadRecord({ table: table.name, bucket }, scope, item));
}
