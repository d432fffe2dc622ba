import * as z from "zod";
import { GiveUpSchema } from "../engine/dead-letter.ts";
import { Job } from "../engine/job.ts";
import { timeSortKey } from "../engine/page-cursor.ts";
import type { Failure } from "../engine/ports.ts";
import { CorruptItem, jsonOf, number, numberOf, text, textOf } from "./item.ts";
import type { Item } from "./item.ts";
import type { Update } from "./table.ts";

export const failureStatuses = [
  "open",
  "replaying",
  "resolved",
  "discarded",
] as const satisfies readonly Failure["status"][];
const Status = z.enum(failureStatuses);

/** What is written once and never counted; a job too large for an item is in the bucket under `jobClaim`. */
const FailureBody = z.object({
  fingerprint: z.string(),
  job: Job.nullable(),
  jobClaim: z.string().nullable(),
  raw: z.string().nullable(),
  why: GiveUpSchema,
});
export type FailureBody = z.infer<typeof FailureBody>;

export type FailureKey = Pick<Failure, "partner" | "connectionId" | "failureId">;

/** A closed failure is of use for a while; then DynamoDB removes it. */
const keptMs = 90 * 86_400_000;

export function failureKey(key: FailureKey): Item {
  return { pk: text(`${key.partner}#${key.connectionId}`), sk: text(key.failureId) };
}

/** Where a failure of a status stands in the two lists: its partner's, and its connection's. */
function places(
  key: FailureKey,
  status: Failure["status"],
): Record<":status" | ":group" | ":connection", { S: string }> {
  return {
    ":status": { S: status },
    ":group": { S: `${key.partner}#${status}` },
    ":connection": { S: `${key.partner}#${key.connectionId}#${status}` },
  };
}

/** Stores a failure, or counts it as seen again; either way it is open from now on. */
export function recordUpdate(failure: Failure, body: FailureBody): Update {
  return {
    UpdateExpression:
      "SET #status = :status, groupPartition = :group, connectionPartition = :connection, lastSeenSort = :lastSeenSort, " +
      "lastSeenAtMs = :lastSeenAtMs, body = :body, firstSeenAtMs = if_not_exists(firstSeenAtMs, :firstSeenAtMs), " +
      "replays = if_not_exists(replays, :zero) ADD seen :one REMOVE expiresAt",
    ExpressionAttributeNames: { "#status": "status" },
    ExpressionAttributeValues: {
      ...places(failure, "open"),
      ":lastSeenSort": text(timeSortKey(failure.lastSeenAtMs, failure.failureId)),
      ":lastSeenAtMs": number(failure.lastSeenAtMs),
      ":firstSeenAtMs": number(failure.firstSeenAtMs),
      ":body": text(JSON.stringify(body)),
      ":zero": number(0),
      ":one": number(1),
    },
  };
}

/** Moves a failure on condition that it stands where the caller says, and was not seen since. */
export function moveUpdate(
  key: FailureKey,
  from: readonly Failure["status"][],
  to: Failure["status"],
  { nowMs, seenUntilMs }: { readonly nowMs: number; readonly seenUntilMs?: number | undefined },
): Update {
  const froms = Object.fromEntries(from.map((status, index) => [`:from${index}`, text(status)]));
  const closed = to === "resolved" || to === "discarded";
  const expiresAt = number(Math.ceil((nowMs + keptMs) / 1000));
  return {
    UpdateExpression: [
      "SET #status = :status, groupPartition = :group, connectionPartition = :connection",
      closed ? ", expiresAt = :expiresAt" : " REMOVE expiresAt",
      to === "replaying" ? " ADD replays :one" : "",
    ].join(""),
    ConditionExpression: [
      `#status IN (${Object.keys(froms).join(", ")})`,
      seenUntilMs === undefined ? "" : " AND lastSeenAtMs <= :seenUntilMs",
    ].join(""),
    ExpressionAttributeNames: { "#status": "status" },
    ExpressionAttributeValues: {
      ...places(key, to),
      ...froms,
      ...(seenUntilMs !== undefined && { ":seenUntilMs": number(seenUntilMs) }),
      ...(closed && { ":expiresAt": expiresAt }),
      ...(to === "replaying" && { ":one": number(1) }),
    },
  };
}

/** Throws `CorruptItem`. */
export function bodyOfFailure(table: string, item: Item): FailureBody {
  return jsonOf(table, item, FailureBody);
}

/** Throws `CorruptItem`. */
export function failureOfItem(table: string, item: Item, body: Omit<FailureBody, "jobClaim">): Failure {
  const status = Status.safeParse(textOf(table, item, "status"));
  if (!status.success) throw new CorruptItem(table, item, "status is none of ours");
  const [partner = "", connectionId = ""] = textOf(table, item, "pk").split("#");
  const { fingerprint, job, raw, why } = body;
  return {
    partner,
    connectionId,
    failureId: textOf(table, item, "sk"),
    fingerprint,
    status: status.data,
    job,
    raw,
    why,
    firstSeenAtMs: numberOf(table, item, "firstSeenAtMs"),
    lastSeenAtMs: numberOf(table, item, "lastSeenAtMs"),
    seen: numberOf(table, item, "seen"),
    replays: numberOf(table, item, "replays"),
  };
}

/** The keys of what a failure keeps in the bucket; none of an item that cannot be read. */
export function failureClaimsOf(item: Item): readonly string[] {
  const body = FailureBody.safeParse(parsedJson(item["body"]?.S));
  if (!body.success) return [];
  const { job, jobClaim } = body.data;
  const sent = job?.work.kind === "webhook" && job.work.body.kind === "claim" ? [job.work.body.key] : [];
  return jobClaim === null ? sent : [jobClaim, ...sent];
}

function parsedJson(json: string | undefined): unknown {
  try {
    return JSON.parse(json ?? "");
  } catch {
    return null;
  }
}
