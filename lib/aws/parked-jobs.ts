import * as z from "zod";
import { Job } from "../engine/job.ts";
import { mapBounded } from "../engine/map-bounded.ts";
import { timeSortKey } from "../engine/page-cursor.ts";
import type { ClaimChecks, ParkedJob, ParkedJobs, Parking, Random } from "../engine/ports.ts";
import { jsonOf, number, numberOf, text, textOf } from "./item.ts";
import type { Item } from "./item.ts";
import { readDue } from "./list-query.ts";
import type { Table } from "./table.ts";

/** Of an item's 400 KB: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const bytesMax = 300_000;
/** What nobody released by then is long stale: the table forgets it so many days after the job's own end. */
const keptAfterExpiryMs = 30 * 86_400_000;
const countMax = 10_000;
const parkingsCounted = 100;
const atOnce = 8;

const parkingIndex = { name: "active", partitionName: "activePartition", timeName: "nextLookMs" };
const parkingSort = "!parking";
const jobPrefix = "!parked#";

const Kept = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("here"), job: Job }),
  /** Too large for an item: its JSON is in the claim-check bucket under its hash. */
  z.object({ kind: z.literal("claim"), key: z.string() }),
]);

/**
 * Parked jobs beside the runs of their connection. One item a connection says that there are some and when to look; it
 * alone is in the index, so that a connection with thousands of parked jobs is put off, or released, by one write.
 */
export function createParkedJobs(world: {
  readonly table: Table;
  readonly claims: ClaimChecks;
  readonly random: Random;
}): ParkedJobs {
  const { table, claims, random } = world;

  async function countOf(partner: string, connectionId: string): Promise<number> {
    let total = 0;
    let from: Item | null = null;
    do {
      const answer = await table.query({
        ...jobsOf(partner, connectionId),
        ...(from !== null && { ExclusiveStartKey: from }),
        Select: "COUNT",
        Limit: countMax - total,
      });
      total += answer.count;
      from = answer.lastKey;
    } while (from !== null && total < countMax);
    return total;
  }

  const readParkings = async (partner: string, untilMs: number, limit: number): Promise<readonly Parking[]> =>
    (await readDue(table, parkingIndex, [partitionOf(partner)], { untilMs, limit })).map((item) =>
      parkingOf(table.name, item),
    );

  return {
    async park(job, { connectionId, reason, untilMs }) {
      const owner = { partner: job.partner, connectionId };
      const json = JSON.stringify(job);
      const kept =
        Buffer.byteLength(json) <= bytesMax
          ? { kind: "here", job }
          : { kind: "claim", key: await claims.put(job.partner, Buffer.from(json)) };
      // The job first: whoever dies between the two is given the message again. The parking moves on each time, so that it
      // cannot be ended by somebody who saw nothing parked.
      await table.update(jobKeyOf(owner, job), {
        UpdateExpression: "SET body = :body, stamp = :stamp, reason = :reason, expiresAt = :expires",
        ExpressionAttributeValues: {
          ":body": text(JSON.stringify(kept)),
          ":stamp": text(random.id()),
          ":reason": text(reason),
          ":expires": number(Math.ceil((job.expiresAtMs + keptAfterExpiryMs) / 1000)),
        },
      });
      await table.update(parkingKeyOf(owner), {
        UpdateExpression:
          "SET activePartition = :partition, nextLookMs = if_not_exists(nextLookMs, :until), reason = :reason ADD revision :one",
        ExpressionAttributeValues: {
          ":partition": text(partitionOf(job.partner)),
          ":until": number(untilMs),
          ":reason": text(reason),
          ":one": number(1),
        },
      });
    },

    due: readParkings,

    async list(partner, connectionId, limit) {
      const answer = await table.query({ ...jobsOf(partner, connectionId), ConsistentRead: true, Limit: limit });
      return mapBounded(answer.items, atOnce, (item) => parkedOf(world, { partner, connectionId }, item));
    },

    async remove({ partner, connectionId, job, stamp }) {
      await table.delete(jobKeyOf({ partner, connectionId }, job), {
        ConditionExpression: "stamp = :stamp",
        ExpressionAttributeValues: { ":stamp": text(stamp) },
      });
    },

    async look(parking, nextLookMs) {
      const unmoved = {
        ConditionExpression: "revision = :revision",
        ExpressionAttributeValues: { ":revision": number(parking.revision) },
      };
      if (nextLookMs === null) return table.delete(parkingKeyOf(parking), unmoved);
      const answer = await table.update(parkingKeyOf(parking), {
        UpdateExpression: "SET nextLookMs = :next ADD revision :one",
        ConditionExpression: unmoved.ConditionExpression,
        ExpressionAttributeValues: {
          ...unmoved.ExpressionAttributeValues,
          ":next": number(nextLookMs),
          ":one": number(1),
        },
      });
      return answer.kind;
    },

    async wake(partner, connectionId, nowMs) {
      await table.update(parkingKeyOf({ partner, connectionId }), {
        UpdateExpression: "SET nextLookMs = :now ADD revision :one",
        ConditionExpression: "attribute_exists(pk)",
        ExpressionAttributeValues: { ":now": number(nowMs), ":one": number(1) },
      });
    },

    async count(partner, connectionId) {
      if (connectionId !== null) return countOf(partner, connectionId);
      const parkings = await readParkings(partner, Number.MAX_SAFE_INTEGER, parkingsCounted);
      const counts = await mapBounded(parkings, atOnce, (parking) => countOf(partner, parking.connectionId));
      return Math.min(
        countMax,
        counts.reduce((sum, one) => sum + one, 0),
      );
    },
  };
}

type Owner = Pick<Parking, "partner" | "connectionId">;

async function parkedOf(
  { table, claims }: { readonly table: Table; readonly claims: ClaimChecks },
  owner: Owner,
  item: Item,
): Promise<ParkedJob> {
  const kept = jsonOf(table.name, item, Kept);
  const place = { ...owner, reason: textOf(table.name, item, "reason"), stamp: textOf(table.name, item, "stamp") };
  if (kept.kind === "here") return { ...place, job: kept.job };
  const bytes = await claims.get(kept.key);
  if (bytes === null) throw new Error(`${table.name}: the claim check ${kept.key} of a parked job is gone`);
  return { ...place, job: Job.parse(JSON.parse(Buffer.from(bytes).toString("utf8"))) };
}

function parkingOf(table: string, item: Item): Parking {
  const [partner = "", ...rest] = textOf(table, item, "pk").split("#");
  return {
    partner,
    connectionId: rest.join("#"),
    reason: textOf(table, item, "reason"),
    nextLookMs: numberOf(table, item, "nextLookMs"),
    revision: numberOf(table, item, "revision"),
  };
}

function jobsOf(partner: string, connectionId: string) {
  return {
    KeyConditionExpression: "pk = :pk AND begins_with(sk, :prefix)",
    ExpressionAttributeValues: { ":pk": text(`${partner}#${connectionId}`), ":prefix": text(jobPrefix) },
  };
}

function jobKeyOf({ partner, connectionId }: Owner, job: Pick<Job, "createdAtMs" | "id">): Item {
  return { pk: text(`${partner}#${connectionId}`), sk: text(jobPrefix + timeSortKey(job.createdAtMs, job.id)) };
}

function parkingKeyOf({ partner, connectionId }: Owner): Item {
  return { pk: text(`${partner}#${connectionId}`), sk: text(parkingSort) };
}

function partitionOf(partner: string): string {
  return `${partner}#parked`;
}
