import * as z from "zod";
import { timeSortKey } from "../engine/page-cursor.ts";
import type { Run } from "../engine/run.ts";
import { CorruptItem, jsonOf, number, text } from "./item.ts";
import type { Item } from "./item.ts";
import { shardOf } from "./shards.ts";

const count = z.int().min(0);
const timeMs = z.int().min(0);
const Cursor = z.record(z.string(), z.union([z.string(), z.number(), z.null()]));

const pagePositions = [
  z.object({
    kind: z.literal("open"),
    cursor: Cursor.nullable(),
    handled: z.array(z.string()),
    feedPage: z
      .object({ ids: z.array(z.string()), next: Cursor.nullable(), total: z.number().nullable() })
      .exactOptional(),
  }),
  z.object({
    kind: z.literal("sweep"),
    step: z.enum(["count", "confirm"]),
    fetched: count,
    part: count,
    after: z.string().nullable(),
    expected: count,
    missing: count,
  }),
  z.object({ kind: z.literal("end") }),
] as const;

const CascadeBody = z.object({
  kind: z.literal("cascade"),
  due: z.array(
    z.object({ parent: z.string(), child: z.string(), parentIds: z.array(z.string()), cursor: Cursor.nullable() }),
  ),
  acknowledge: z
    .object({
      method: z.enum(["POST", "PUT", "DELETE"]),
      path: z.string(),
      body: z.record(z.string(), z.unknown()).exactOptional(),
    })
    .nullable(),
  next: z.discriminatedUnion("kind", pagePositions),
});

const RunBody: z.ZodType<Run> = z.object({
  partner: z.string(),
  connectionId: z.string(),
  runId: z.string(),
  resource: z.string(),
  mode: z.enum(["full", "incremental"]),
  trigger: z.enum(["schedule", "manual", "connected"]),
  revision: count,
  sequence: count,
  nudgeId: z.string(),
  lease: z.object({ owner: z.string(), expiresAtMs: z.number() }).nullable(),
  status: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("active"), waiting: z.string().nullable() }),
    z.object({ kind: z.literal("done"), atMs: z.number() }),
    z.object({ kind: z.literal("failed"), atMs: z.number(), failureId: z.string(), code: z.string() }),
  ]),
  checkpoint: z.object({
    position: z.discriminatedUnion("kind", [...pagePositions, CascadeBody]),
    sinceMs: z.number().nullable(),
    beganMs: timeMs,
    syncToken: z.string().exactOptional(),
  }),
  progress: z.object({
    pages: count,
    fetched: count,
    created: count,
    updated: count,
    unchanged: count,
    stale: count,
    deleted: count,
    parked: count,
    total: z.number().nullable(),
    restarts: count.exactOptional(),
    children: z
      .record(
        z.string(),
        z.object({
          due: count,
          parents: count,
          fetched: count,
          created: count,
          updated: count,
          unchanged: count,
          stale: count,
          deleted: count,
          parked: count,
        }),
      )
      .exactOptional(),
  }),
  attempts: count,
  looks: count,
  notBeforeMs: z.number(),
  nextLookMs: z.number(),
  startedAtMs: timeMs,
  updatedAtMs: timeMs,
  trace: z.string(),
  replayOf: z.string().nullable(),
});

/** An ended run is history: DynamoDB removes it after this. */
const keptMs = 90 * 86_400_000;

export function runKey(partner: string, connectionId: string, runId: string): Item {
  return { pk: text(`${partner}#${connectionId}`), sk: text(runId) };
}

/** Only an active run is in the `active` index, and only an ended one expires. */
export function itemOfRun(run: Run): Item {
  const ended = {
    expiresAt: number(Math.ceil((run.updatedAtMs + keptMs) / 1000)),
  };
  const active = {
    activePartition: text(`${run.partner}#${shardOf(run.connectionId)}`),
    nextLookMs: number(run.nextLookMs),
  };
  return {
    ...runKey(run.partner, run.connectionId, run.runId),
    revision: number(run.revision),
    startedSort: text(timeSortKey(run.startedAtMs, run.runId)),
    body: text(JSON.stringify(run)),
    ...(run.status.kind === "active" ? active : ended),
  };
}

/** Throws `CorruptItem`. */
export function runOfItem(table: string, item: Item): Run {
  return jsonOf(table, item, RunBody);
}

/** What a run has seen is needed until its end. */
const seenKeptMs = 14 * 86_400_000;

/** Sorts right after the run itself. */
export function seenPrefix(runId: string): string {
  return `${runId}#seen#`;
}

/** Some of what a full pass has seen, 32 bits a thing, beside the run. */
export function itemOfSeen(
  of: Pick<Run, "partner" | "connectionId" | "runId">,
  part: string,
  bits: Uint32Array,
  nowMs: number,
): Item {
  return {
    ...runKey(of.partner, of.connectionId, `${seenPrefix(of.runId)}${part}`),
    bits: { B: new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength) },
    expiresAt: number(Math.ceil((nowMs + seenKeptMs) / 1000)),
  };
}

/** Throws `CorruptItem`. */
export function seenOfItem(table: string, item: Item): Uint32Array {
  const bytes = item["bits"]?.B;
  if (bytes === undefined || bytes.byteLength % 4 !== 0)
    throw new CorruptItem(table, item, "bits are no 32-bit values");
  // A copy, as a view of 32-bit values has to begin at a multiple of four.
  return new Uint32Array(bytes.slice().buffer);
}
