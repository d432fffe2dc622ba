import { mapBounded } from "../engine/map-bounded.ts";
import type { Clock, PageRequest, RecordStore } from "../engine/ports.ts";
import { compareWithMark } from "../engine/record.ts";
import type { RecordCandidate, RecordMark, RecordScope, WriteOutcome } from "../engine/record.ts";
import type { Bucket } from "./claim-checks.ts";
import { recordClaimKeyOf } from "./claim-key.ts";
import { numberOf, text } from "./item.ts";
import type { Item } from "./item.ts";
import { readPage } from "./list-query.ts";
import { loadRecord } from "./load-record.ts";
import { firstItemFor, markOfItem, markProjection, recordKey, recordPartition, updateFor } from "./record-item.ts";
import type { DataPlace } from "./record-item.ts";
import type { Table } from "./table.ts";

interface World {
  readonly table: Table;
  readonly bucket: Bucket;
  readonly clock: Clock;
}

/** An item takes 400 KB, names and the other attributes included: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const inlineBytesMax = 380 * 1024;
const marksMax = 100;
const triesMax = 4;
const claimsAtOnce = 4;

export function createRecordStore(world: World): RecordStore {
  const { table } = world;
  return {
    async read(scope, externalId) {
      const item = await table.get(recordKey(scope, externalId));
      return item === null ? null : loadRecord({ table: table.name, bucket: world.bucket }, scope, item);
    },

    async marks(scope, externalIds) {
      if (externalIds.length > marksMax)
        throw new Error(`marks() takes at most ${marksMax} ids, not ${externalIds.length}`);
      const keys = [...new Set(externalIds)].map((externalId) => recordKey(scope, externalId));
      const marks = (await table.batchGet(keys, markProjection)).map((item) => markOfItem(table.name, item));
      return new Map(marks.map((mark) => [mark.externalId, mark]));
    },

    write: (scope, candidate, mark) => write(world, scope, candidate, mark),

    list(scope: RecordScope, page: PageRequest) {
      const list = {
        index: null,
        partitionName: "pk",
        partitions: [recordPartition(scope)],
        sortName: "sk",
        order: "ascending",
        countIndex: "digests",
        load: (items: readonly Item[]) =>
          mapBounded(items, claimsAtOnce, (item) =>
            loadRecord({ table: table.name, bucket: world.bucket }, scope, item),
          ),
      } as const;
      return readPage(table, list, page);
    },

    clear: (scope, limit) => clear(table, scope, limit),
  };
}

async function write(
  world: World,
  scope: RecordScope,
  candidate: RecordCandidate,
  mark: RecordMark | null,
): Promise<WriteOutcome> {
  const { table, clock } = world;
  // A failed condition is paid like a write: what is known to fail is not tried.
  const known = compareWithMark(candidate, mark);
  if (known !== "write") return known;
  const place = await placeData(world, scope, candidate);
  const key = recordKey(scope, candidate.externalId);
  if (mark === null) {
    // Nothing is known of it, so most likely it is new; when it is not, the update below decides.
    const created = await table.create(firstItemFor(key, candidate, place, clock.nowMs()));
    if (created === "created") return candidate.deleted ? "deleted" : "created";
  }
  for (let tries = 0; tries < triesMax; tries += 1) {
    const stored = await table.update(key, updateFor(candidate, place, clock.nowMs()));
    if (stored.kind === "stored") return outcomeOf(table, candidate, stored.attributes);
    const found = stored.found ?? (await table.get(key));
    const verdict = found === null ? "write" : compareWithMark(candidate, markOfItem(table.name, found));
    if (verdict !== "write") return verdict;
  }
  throw new Error(
    `${table.name}: record ${recordPartition(scope)} / ${candidate.externalId} changed under ${triesMax} writes of it`,
  );
}

function outcomeOf(table: Table, candidate: RecordCandidate, written: Item): WriteOutcome {
  if (candidate.deleted) return "deleted";
  return numberOf(table.name, written, "version") === 1 ? "created" : "updated";
}

async function placeData(world: World, scope: RecordScope, candidate: RecordCandidate): Promise<DataPlace> {
  const json = JSON.stringify(candidate.data);
  if (Buffer.byteLength(json) <= inlineBytesMax) return { kind: "inline", json };
  // A tombstone's data counts only where nothing is known yet.
  if (candidate.deleted) return { kind: "inline", json: "{}" };
  const body = Buffer.from(json);
  const key = recordClaimKeyOf(scope, body);
  // Before the item that names it: an object that nothing names harms nobody.
  await world.bucket.put(key, body);
  return { kind: "claim", key };
}

async function clear(table: Table, scope: RecordScope, limit: number): Promise<boolean> {
  const partition = {
    KeyConditionExpression: "pk = :pk",
    ExpressionAttributeValues: { ":pk": text(recordPartition(scope)) },
    ProjectionExpression: "pk, sk",
    ConsistentRead: true,
  };
  const answer = await table.query({ ...partition, Limit: limit });
  await table.batchDelete(answer.items);
  return answer.lastKey === null;
}
