import type { Job } from "../engine/job.ts";
import { timeSortKey } from "../engine/page-cursor.ts";
import type { Parking } from "../engine/ports.ts";
import { number, numberOf, text, textOf } from "./item.ts";
import type { Item } from "./item.ts";
import type { Update } from "./table.ts";

export type Owner = Pick<Parking, "partner" | "connectionId">;

export const parkingIndex = { name: "active", partitionName: "activePartition", timeName: "nextLookMs" };

/** What nobody released by then is long stale: the table forgets it so many days after the job's own end. */
const keptAfterExpiryMs = 30 * 86_400_000;
// They come before every run's id, which begins with its resource.
const parkingSort = "!parking";
export const jobPrefix = "!parked#";

export function jobKeyOf(owner: Owner, job: Pick<Job, "createdAtMs" | "id">): Item {
  return { ...partitionKeyOf(owner), sk: text(jobPrefix + timeSortKey(job.createdAtMs, job.id)) };
}

export function parkingKeyOf(owner: Owner): Item {
  return { ...partitionKeyOf(owner), sk: text(parkingSort) };
}

/** A connection's parked jobs, the oldest first. */
export function jobsOf(owner: Owner) {
  return {
    KeyConditionExpression: "pk = :pk AND begins_with(sk, :prefix)",
    ExpressionAttributeValues: { ":pk": text(`${owner.partner}#${owner.connectionId}`), ":prefix": text(jobPrefix) },
  };
}

export function parkingPartitionOf(partner: string): string {
  return `${partner}#parked`;
}

/** Whatever was there of the job before is replaced. */
export function jobUpdate(
  job: Job,
  kept: { readonly body: string; readonly stamp: string; readonly reason: string },
): Update {
  return {
    UpdateExpression: "SET body = :body, stamp = :stamp, reason = :reason, expiresAt = :expires",
    ExpressionAttributeValues: {
      ":body": text(kept.body),
      ":stamp": text(kept.stamp),
      ":reason": text(kept.reason),
      ":expires": number(Math.ceil((job.expiresAtMs + keptAfterExpiryMs) / 1000)),
    },
  };
}

/** The parking moves on each time, so that it cannot be ended by somebody who saw nothing parked. */
export function parkingUpdate(partner: string, untilMs: number, reason: string): Update {
  return {
    UpdateExpression:
      "SET activePartition = :partition, nextLookMs = if_not_exists(nextLookMs, :until), reason = :reason ADD revision :one",
    ExpressionAttributeValues: {
      ":partition": text(parkingPartitionOf(partner)),
      ":until": number(untilMs),
      ":reason": text(reason),
      ":one": number(1),
    },
  };
}

/** Throws `CorruptItem`. */
export function parkingOf(table: string, item: Item): Parking {
  const [partner = "", ...rest] = textOf(table, item, "pk").split("#");
  return {
    partner,
    connectionId: rest.join("#"),
    reason: textOf(table, item, "reason"),
    nextLookMs: numberOf(table, item, "nextLookMs"),
    revision: numberOf(table, item, "revision"),
  };
}

function partitionKeyOf({ partner, connectionId }: Owner): Item {
  return { pk: text(`${partner}#${connectionId}`) };
}
