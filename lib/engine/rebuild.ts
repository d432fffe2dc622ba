import { canonicalJson } from "./canonical.ts";
import type { HistoryEntry } from "./history.ts";
import type { StoredRecord } from "./record.ts";

/** How a record stands against what its history alone says it is. */
export type RebuildVerdict =
  | "same"
  /** Written a moment ago; the stream is still to tell of it. */
  | "behind"
  /** The history ends before the record's version: the stream lost it. */
  | "gap"
  | "different";

/** Longer than a stream takes to tell of a change when nothing is wrong. */
export const streamLagMsMax = 60_000;

/** Compares a record with the state that its newest history entry holds. */
export function rebuildVerdict(record: StoredRecord, newest: HistoryEntry | null, nowMs: number): RebuildVerdict {
  if (newest === null || newest.version < record.version)
    return record.writtenAtMs > nowMs - streamLagMsMax ? "behind" : "gap";
  if (newest.version > record.version) return "different";
  const sameState = (newest.change === "deleted") === record.deleted;
  return sameState && canonicalJson(newest.data) === canonicalJson(record.data) ? "same" : "different";
}
