import * as z from "zod";
import { Job } from "../engine/job.ts";
import { mapBounded } from "../engine/map-bounded.ts";
import type { ClaimChecks, ParkedJob, ParkedJobs, Parking, Random } from "../engine/ports.ts";
import { jsonOf, number, text, textOf } from "./item.ts";
import type { Item } from "./item.ts";
import { readDue } from "./list-query.ts";
import {
  jobKeyOf,
  jobsOf,
  jobUpdate,
  parkingIndex,
  parkingKeyOf,
  parkingOf,
  parkingPartitionOf,
  parkingUpdate,
} from "./parked-item.ts";
import type { Owner } from "./parked-item.ts";
import type { Table } from "./table.ts";

/** Of an item's 400 KB: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const bytesMax = 300_000;
const countMax = 10_000;
const parkingsCounted = 100;
const atOnce = 8;

const Kept = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("here"), job: Job }),
  /** Too large for an item: its JSON is in the claim-check bucket under its hash. */
  z.object({ kind: z.literal("claim"), key: z.string() }),
]);

interface World {
  readonly table: Table;
  readonly claims: ClaimChecks;
  readonly random: Random;
}

/**
 * Parked jobs beside the runs of their connection. One item a connection says that there are some and when to look; it
 * alone is in the index, so that a connection with thousands of parked jobs is put off, or released, by one write.
 */
export function createParkedJobs(world: World): ParkedJobs {
  const { table } = world;
  return {
    park: (job, parking) => park(world, job, parking),

    due: (partner, nowMs, limit) => readParkings(table, partner, nowMs, limit),

    async list(partner, connectionId, limit) {
      const owner = { partner, connectionId };
      const answer = await table.query({ ...jobsOf(owner), ConsistentRead: true, Limit: limit });
      return mapBounded(answer.items, atOnce, (item) => parkedOf(world, owner, item));
    },

    async remove({ partner, connectionId, job, stamp }) {
      await table.delete(jobKeyOf({ partner, connectionId }, job), {
        ConditionExpression: "stamp = :stamp",
        ExpressionAttributeValues: { ":stamp": text(stamp) },
      });
    },

    look: (parking, nextLookMs) => look(table, parking, nextLookMs),

    async wake(partner, connectionId, nowMs) {
      await table.update(parkingKeyOf({ partner, connectionId }), {
        UpdateExpression: "SET nextLookMs = :now ADD revision :one",
        ConditionExpression: "attribute_exists(pk)",
        ExpressionAttributeValues: { ":now": number(nowMs), ":one": number(1) },
      });
    },

    async count(partner, connectionId) {
      if (connectionId !== null) return countOf(table, { partner, connectionId });
      const parkings = await readParkings(table, partner, Number.MAX_SAFE_INTEGER, parkingsCounted);
      const counts = await mapBounded(parkings, atOnce, (parking) => countOf(table, parking));
      return Math.min(
        countMax,
        counts.reduce((sum, one) => sum + one, 0),
      );
    },
  };
}

/** The job first, its connection's parking after it: whoever dies between the two is given the message again. */
async function park(
  { table, claims, random }: World,
  job: Job,
  { connectionId, reason, untilMs }: Parameters<ParkedJobs["park"]>[1],
): Promise<void> {
  const owner = { partner: job.partner, connectionId };
  const json = JSON.stringify(job);
  const kept =
    Buffer.byteLength(json) <= bytesMax
      ? { kind: "here", job }
      : { kind: "claim", key: await claims.put(owner, Buffer.from(json)) };
  const body = JSON.stringify(kept);
  await table.update(jobKeyOf(owner, job), jobUpdate(job, { body, stamp: random.id(), reason }));
  await table.update(parkingKeyOf(owner), parkingUpdate(job.partner, untilMs, reason));
}

async function look(table: Table, parking: Parking, nextLookMs: number | null): Promise<"stored" | "superseded"> {
  const ConditionExpression = "revision = :revision";
  const values = { ":revision": number(parking.revision) };
  if (nextLookMs === null)
    return table.delete(parkingKeyOf(parking), { ConditionExpression, ExpressionAttributeValues: values });
  const answer = await table.update(parkingKeyOf(parking), {
    UpdateExpression: "SET nextLookMs = :next ADD revision :one",
    ConditionExpression,
    ExpressionAttributeValues: { ...values, ":next": number(nextLookMs), ":one": number(1) },
  });
  return answer.kind;
}

async function readParkings(
  table: Table,
  partner: string,
  untilMs: number,
  limit: number,
): Promise<readonly Parking[]> {
  const items = await readDue(table, parkingIndex, [parkingPartitionOf(partner)], { untilMs, limit });
  return items.map((item) => parkingOf(table.name, item));
}

async function countOf(table: Table, owner: Owner): Promise<number> {
  let total = 0;
  let from: Item | null = null;
  do {
    const answer = await table.query({
      ...jobsOf(owner),
      ...(from !== null && { ExclusiveStartKey: from }),
      Select: "COUNT",
      Limit: countMax - total,
    });
    total += answer.count;
    from = answer.lastKey;
  } while (from !== null && total < countMax);
  return total;
}

async function parkedOf({ table, claims }: World, owner: Owner, item: Item): Promise<ParkedJob> {
  const kept = jsonOf(table.name, item, Kept);
  const { partner, connectionId } = owner;
  const [reason, stamp] = [textOf(table.name, item, "reason"), textOf(table.name, item, "stamp")];
  if (kept.kind === "here") return { partner, connectionId, reason, stamp, job: kept.job };
  const bytes = await claims.get(kept.key);
  if (bytes === null) throw new Error(`${table.name}: the claim check ${kept.key} of a parked job is gone`);
  const job = Job.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
  return { partner, connectionId, reason, stamp, job };
}
