import { partnerOfConnectionId } from "../engine/connection-id.ts";
import { Job } from "../engine/job.ts";
import { mapBounded } from "../engine/map-bounded.ts";
import { timeSortKey } from "../engine/page-cursor.ts";
import type { ClaimChecks, Failure, FailureStore, PageRequest, PartnerRegistry } from "../engine/ports.ts";
import { bodyOfFailure, failureKey, failureOfItem, failureStatuses, moveUpdate, recordUpdate } from "./failure-item.ts";
import { jsonOf, numberOf, text, textOf } from "./item.ts";
import type { Item } from "./item.ts";
import { readPage } from "./list-query.ts";
import type { Table } from "./table.ts";

interface World {
  readonly table: Table;
  readonly claims: ClaimChecks;
  readonly partners: PartnerRegistry;
}

type Filter = Parameters<FailureStore["list"]>[0];

/** Leaves room for the rest of the item under DynamoDB's 400 KB. */
const inlineBytesMax = 300 * 1024;
const claimsAtOnce = 4;
const openLookedAt = 1_000;

export function createFailureStore(world: World): FailureStore {
  const { table } = world;
  return {
    async record(failure) {
      await table.update(failureKey(failure), recordUpdate(failure, await bodyFor(world, failure)));
    },

    async read(partner, connectionId, failureId) {
      const item = await table.get(failureKey({ partner, connectionId, failureId }));
      return item === null ? null : load(world, item);
    },

    async move(failure, from, to, nowMs, seenUntilMs) {
      if (from.length === 0) return "not-there";
      const moved = await table.update(failureKey(failure), moveUpdate(failure, from, to, { nowMs, seenUntilMs }));
      return moved.kind === "stored" ? "moved" : "not-there";
    },

    async openBefore({ partner, connectionId, idPrefix }, seenBeforeMs, limit) {
      const answer = await table.query({
        IndexName: "connection",
        KeyConditionExpression: "connectionPartition = :open AND lastSeenSort < :before",
        ExpressionAttributeValues: {
          ":open": text(`${partner}#${connectionId}#open`),
          ":before": text(timeSortKey(seenBeforeMs, "")),
        },
        ProjectionExpression: "sk, lastSeenAtMs",
        Limit: openLookedAt,
      });
      return answer.items
        .map((item) => ({ failureId: textOf(table.name, item, "sk"), at: numberOf(table.name, item, "lastSeenAtMs") }))
        .filter(({ failureId }) => failureId.startsWith(idPrefix))
        .slice(0, limit)
        .map(({ failureId, at }) => ({ partner, connectionId, failureId, lastSeenAtMs: at }));
    },

    list(filter: Filter, page: PageRequest) {
      const list = {
        ...partitionsFor(world, filter),
        sortName: "lastSeenSort",
        order: "descending",
        countIndex: null,
        load: (items: readonly Item[]) => mapBounded(items, claimsAtOnce, (item) => load(world, item)),
      } as const;
      return readPage(table, list, page);
    },
  };
}

/** A partition for each status asked for, of the one connection or of each partner asked for. */
function partitionsFor(
  world: World,
  filter: Filter,
): { index: string; partitionName: string; partitions: readonly string[] } {
  const statuses = filter.status === undefined ? failureStatuses : [filter.status];
  const { connectionId } = filter;
  const named = filter.partner ?? (connectionId === undefined ? null : partnerOfConnectionId(connectionId));
  const partners = named === null ? world.partners.all().map((driver) => driver.name) : [named];
  const owners = connectionId === undefined ? partners : partners.map((partner) => `${partner}#${connectionId}`);
  const partitions = owners.flatMap((owner) => statuses.map((status) => `${owner}#${status}`));
  return connectionId === undefined
    ? { index: "group", partitionName: "groupPartition", partitions }
    : { index: "connection", partitionName: "connectionPartition", partitions };
}

async function bodyFor(world: World, failure: Failure): Promise<Parameters<typeof recordUpdate>[1]> {
  const { fingerprint, job, raw, why } = failure;
  const json = Buffer.from(JSON.stringify(job));
  if (json.byteLength <= inlineBytesMax) return { fingerprint, job, jobClaim: null, raw, why };
  return { fingerprint, job: null, jobClaim: await world.claims.put(failure, json), raw, why };
}

async function load(world: World, item: Item): Promise<Failure> {
  const { table, claims } = world;
  const body = bodyOfFailure(table.name, item);
  if (body.jobClaim === null) return failureOfItem(table.name, item, body);
  const json = await claims.get(body.jobClaim);
  // Kept longer than its body: shown without a job, it can be discarded, and its page of the list stays readable.
  if (json === null) return failureOfItem(table.name, item, { ...body, job: null });
  const claimed = { ...item, job: text(Buffer.from(json).toString("utf8")) };
  return failureOfItem(table.name, item, { ...body, job: jsonOf(table.name, claimed, Job, "job") });
}
