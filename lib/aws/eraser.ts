import type { Cleared, Eraser, Erasure, RemainKind } from "../engine/erasure.ts";
import { mapBounded } from "../engine/map-bounded.ts";
import { connectionKey, pointerKey } from "./connection-item.ts";
import { answersOf, countRemains } from "./count-remains.ts";
import { erasureOfItem, isMark, itemOfAccountMark, itemOfErasure } from "./erasure-item.ts";
import { clearHistory, clearRecord, clearRecordPages } from "./clear-records.ts";
import { claimPrefixesOf } from "./claim-key.ts";
import { failureClaimsOf } from "./failure-item.ts";
import { keptThings } from "./kept-things.ts";
import { text, textOf } from "./item.ts";
import type { Item } from "./item.ts";
import type { Bucket } from "./claim-checks.ts";
import type { QueryAnswer, Table } from "./table.ts";

export interface EraserWorld {
  readonly tables: Readonly<
    Record<"connections" | "records" | "history" | "runs" | "failures" | "idempotency" | "tokens", Table>
  >;
  readonly bucket: Bucket;
}

type Of = Parameters<Eraser["clear"]>[1];

const pageItems = 100;
const objectsAtOnce = 10;
/** Of 1 MB each: beside the API's answers lie marks of worked webhooks, which are kept for months. */
const answerPagesMax = 20;
/** Of at most 100 items each; a connection has a credential, notes, and its resources' states. */
const connectionPagesMax = 50;

/** Removes by partition and by prefix; only the API's own answers, whose keys are hashes, have to be looked through. */
export function createEraser(world: EraserWorld): Eraser {
  const { connections } = world.tables;
  return {
    async read(partner, connectionId) {
      const item = await connections.get(connectionKey(partner, connectionId));
      return item === null || !isMark(item) ? null : erasureOfItem(connections.name, item);
    },

    async mark(erasure) {
      // First, and of no effect while the connection is there: events that name the account alone must find it gone.
      if (erasure.account !== null) await connections.put(itemOfAccountMark(erasure, erasure.account));
      return (await connections.replace(itemOfErasure(erasure), erasure.revision)).kind;
    },

    async ofTenant(tenantId, limit) {
      const found: Item[] = [];
      let from: Item | null = null;
      do {
        const answer: QueryAnswer = await connections.query({
          IndexName: "tenant",
          KeyConditionExpression: "tenantId = :tenant",
          FilterExpression: "attribute_exists(erasure)",
          ExpressionAttributeValues: { ":tenant": text(tenantId) },
          ...(from !== null && { ExclusiveStartKey: from }),
        });
        found.push(...answer.items);
        from = answer.lastKey;
      } while (from !== null && found.length < limit);
      return found.slice(0, limit).map((item) => erasureOfItem(connections.name, item));
    },

    clear: (kind, of) => clearers[kind](world, of),

    async clearRecords(scope, externalIds) {
      let history = 0;
      let records = 0;
      for (const externalId of externalIds) {
        history += await clearHistory(world, scope, externalId);
        records += await clearRecord(world, scope, externalId);
      }
      const keys = externalIds.map((externalId) => ({
        pk: text(`${scope.partner}#${scope.connectionId}`),
        sk: text(`record-${scope.resource}-${externalId}`),
      }));
      const failures = (await world.tables.failures.batchGet(keys)).map(keyOf);
      await world.tables.failures.batchDelete(failures);
      return { records, history, failures: failures.length };
    },

    async clearStates(scope, externalId, of) {
      await clearHistory(world, scope, externalId);
      if (of === "history-and-record") await clearRecord(world, scope, externalId);
    },

    ...keptThings(world),

    count: (of, after) => countRemains(world, of, after),
  };
}

const clearers: Readonly<Record<RemainKind, (world: EraserWorld, of: Of) => Promise<Cleared>>> = {
  records: clearRecordPages,
  // Each record takes its history with it: by itself a history is under no key that could be found.
  history: async () => ({ removed: {}, left: false }),
  failures: clearFailures,
  runs: async ({ tables }, of) => {
    const items = await pageOf(tables.runs, partitionOf(of), "pk, sk");
    await tables.runs.batchDelete(items.map(keyOf));
    return { removed: { runs: items.length }, left: items.length > 0 };
  },
  objects: clearObjects,
  answers: clearAnswers,
  connection: clearConnection,
};

async function clearFailures({ tables, bucket }: EraserWorld, of: Of): Promise<Cleared> {
  const items = await pageOf(tables.failures, partitionOf(of), "pk, sk, body");
  // A body that does not lie below its connection: kept there before it did.
  const claims = items.flatMap((item) => failureClaimsOf(item));
  await mapBounded(claims, objectsAtOnce, (key) => bucket.delete(key));
  await tables.failures.batchDelete(items.map(keyOf));
  return { removed: { failures: items.length, objects: claims.length }, left: items.length > 0 };
}

async function clearObjects({ bucket }: EraserWorld, of: Of): Promise<Cleared> {
  let objects = 0;
  for (const prefix of claimPrefixesOf(of)) {
    const keys = await bucket.list(prefix);
    await mapBounded(keys, objectsAtOnce, (key) => bucket.delete(key));
    objects += keys.length;
  }
  return { removed: { objects }, left: objects > 0 };
}

async function clearAnswers({ tables }: EraserWorld, of: Of): Promise<Cleared> {
  const { idempotency } = tables;
  let answers = 0;
  let from: Item | null = of.answersAfter === undefined ? null : { id: text(of.answersAfter) };
  for (let page = 0; page < answerPagesMax; page++) {
    const scanned: QueryAnswer = await idempotency.scan({
      ...answersOf(of),
      ...(from !== null && { ExclusiveStartKey: from }),
    });
    const keys = scanned.items.flatMap(({ id }) => (id === undefined ? [] : [{ id }]));
    await idempotency.batchDelete(keys);
    answers += keys.length;
    from = scanned.lastKey;
    if (from === null) return { removed: { answers }, left: false };
  }
  return { removed: { answers }, left: true, answersAfter: textOf(idempotency.name, from ?? {}, "id") };
}

/** The credential, how its resources stand, what leads to it by its account, what its quota's item says. */
async function clearConnection({ tables }: EraserWorld, of: Of): Promise<Cleared> {
  const { connections, tokens } = tables;
  const { partner, connectionId, account, quotaItem } = of;
  let removed = 0;
  let left = true;
  for (let page = 0; left && page < connectionPagesMax; page++) {
    const items = await pageOf(connections, partitionOf(of), "pk, sk");
    const keys = items.filter((item) => item["sk"]?.S !== "meta").map(keyOf);
    await connections.batchDelete(keys);
    removed += keys.length;
    left = keys.length > 0;
  }
  if (account !== null) {
    await connections.delete(pointerKey(partner, account), {
      ConditionExpression: "connectionId = :mine",
      ExpressionAttributeValues: { ":mine": text(connectionId) },
    });
  }
  if (quotaItem !== null) await tokens.delete({ pk: text(quotaItem) });
  return { removed: { connection: removed }, left };
}

/** A page is cut at 1 MB of what is read, whatever of it is asked for: that none is found is all that says that none is left. */
async function pageOf(table: Table, partition: string, projection: string): Promise<readonly Item[]> {
  const answer = await table.query({
    KeyConditionExpression: "pk = :pk",
    ExpressionAttributeValues: { ":pk": text(partition) },
    ProjectionExpression: projection,
    ConsistentRead: true,
    Limit: pageItems,
  });
  return answer.items;
}

function partitionOf({ partner, connectionId }: Pick<Erasure, "partner" | "connectionId">): string {
  return `${partner}#${connectionId}`;
}

function keyOf({ pk, sk }: Item): Item {
  if (pk === undefined || sk === undefined) throw new Error("an item without its keys");
  return { pk, sk };
}
