import type { ResourceState } from "./ports.ts";
import type { StoredRecord } from "./record.ts";
import { lateAfterMs } from "./sync-health.ts";

/**
 * How far a record can be relied on. `api`: the partner's API said so within the last minute. `cache`: imports run as they
 * should, and what changed before `ageMs` ago is known. `stale`: they do not, or have not for too long.
 */
export interface Freshness {
  readonly freshness: "api" | "cache" | "stale";
  /** How long ago the state was known to be the partner's, in milliseconds. */
  readonly ageMs: number;
}

const justNowMs = 60_000;

/**
 * @param everyMs how often the resource's changes are imported; null for a resource that its driver has no more
 *
 * @example freshnessOf(record, state, 300_000, nowMs) // { freshness: "cache", ageMs: 200_000 }
 */
export function freshnessOf(
  record: Pick<StoredRecord, "fetchedAtMs">,
  state: Pick<ResourceState, "watermarkMs" | "lastError"> | null,
  everyMs: number | null,
  nowMs: number,
): Freshness {
  const fetchedAgoMs = Math.max(0, nowMs - record.fetchedAtMs);
  // An import that finds a record as it is leaves no trace on it: the watermark says how far all of them are known.
  const knownAtMs = Math.max(record.fetchedAtMs, state?.watermarkMs ?? 0);
  const ageMs = Math.max(0, nowMs - knownAtMs);
  if (fetchedAgoMs <= justNowMs) return { freshness: "api", ageMs };
  const failed = state !== null && state.lastError !== null && state.lastError.atMs > record.fetchedAtMs;
  const isStale = failed || everyMs === null || ageMs > lateAfterMs(everyMs);
  return { freshness: isStale ? "stale" : "cache", ageMs };
}
