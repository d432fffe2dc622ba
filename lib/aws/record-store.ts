import { mapBounded } from "../engine/map-bounded.ts";
import type { Clock, PageRequest, RecordStore } from "../engine/ports.ts";
import { compareWithMark } from "../engine/record.ts";
import type { RecordCandidate, RecordMark, RecordScope, WriteOutcome } from "../engine/record.ts";
import { endsAtSeconds } from "../engine/retention.ts";
import type { Retention } from "../engine/retention.ts";
import type { Bucket } from "./claim-checks.ts";
import { findRecords } from "./find-records.ts";
import { number, text } from "./item.ts";
import type { Item } from "./item.ts";
import { readPage } from "./list-query.ts";
import { loadRecord } from "./load-record.ts";
import { dataFor } from "./record-data.ts";
import {
  advanceFor,
  firstItemFor,
  markOfItem,
  markProjection,
  recordKey,
  recordPartition,
  updateFor,
} from "./record-item.ts";
import type { Table } from "./table.ts";

interface World {
  readonly table: Table;
  readonly bucket: Bucket;
  readonly clock: Clock;
  readonly retentionOf?: (scope: RecordScope) => Retention;
}

const marksMax = 100;
/** Each loses to another writer of the same record, so that many at once come through one by one. */
const triesMax = 20;
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

    async digests(scope, after, limit) {
      const range = after === null ? "" : " AND sk > :after";
      const answer = await table.query({
        ...markProjection,
        IndexName: "digests",
        KeyConditionExpression: `pk = :pk${range}`,
        ExpressionAttributeValues: {
          ":pk": text(recordPartition(scope)),
          ...(after !== null && { ":after": text(after) }),
        },
        Limit: limit,
      });
      const marks = answer.items.map((item) => markOfItem(table.name, item));
      return { marks, next: answer.lastKey === null ? null : (marks.at(-1)?.externalId ?? null) };
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

    find: (scope, filter, page) => findRecords(world, scope, filter, page),
  };
}

async function write(
  world: World,
  scope: RecordScope,
  candidate: RecordCandidate,
  mark: RecordMark | null,
): Promise<WriteOutcome> {
  const { table, bucket, clock } = world;
  // A failed condition is paid like a write: what is known to fail is not tried.
  const first = compareWithMark(candidate, mark);
  if (first !== "write" && first !== "advance") return first;
  const key = recordKey(scope, candidate.externalId);
  const data = candidate.deleted ? null : await dataFor(bucket, scope, candidate.data);
  const end = endOf(world, scope);
  let known = mark;
  if (known === null) {
    // Nothing is known of it, so most likely it is new; when it is not, what is there decides.
    const item = firstItemFor(key, candidate, { ...(data ?? { data: text("{}") }), ...end }, clock.nowMs());
    if ((await table.create(item)) === "created") return candidate.deleted ? "deleted" : "created";
    known = await markAt(table, key);
  }
  for (let tries = 0; tries < triesMax && known !== null; tries += 1) {
    const verdict = compareWithMark(candidate, known);
    if (verdict !== "write" && verdict !== "advance") return verdict;
    const next =
      verdict === "write" ? updateFor(candidate, known, data, clock.nowMs(), end) : advanceFor(candidate, known);
    const stored = await table.update(key, next);
    if (stored.kind === "stored") return outcomeOf(candidate, verdict);
    known = stored.found === null ? await markAt(table, key) : markOfItem(table.name, stored.found);
  }
  throw new Error(
    `${table.name}: record ${recordPartition(scope)} / ${candidate.externalId} changed under ${triesMax} writes of it`,
  );
}

/** When a state that is written now is forgotten, where its resource is not kept for ever. */
function endOf({ retentionOf, clock }: World, scope: RecordScope): Item {
  const endsAt = endsAtSeconds(clock.nowMs(), retentionOf?.(scope).recordsDays);
  return endsAt === null ? {} : { expiresAt: number(endsAt) };
}

function outcomeOf(candidate: RecordCandidate, verdict: "write" | "advance"): WriteOutcome {
  if (verdict === "advance") return "unchanged";
  return candidate.deleted ? "deleted" : "updated";
}

async function markAt(table: Table, key: Item): Promise<RecordMark | null> {
  const found = await table.get(key);
  return found === null ? null : markOfItem(table.name, found);
}
