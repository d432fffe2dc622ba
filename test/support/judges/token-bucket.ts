import type { Meter } from "./judge.ts";

/** A bucket of `capacity` units, full at first, into which `refill` units run evenly every `perMs`. */
export function tokenBucketMeter(
  limit: string,
  rule: { readonly capacity: number; readonly refill: number; readonly perMs: number },
): Meter {
  const { capacity, refill, perMs } = rule;
  /** In parts of which `perMs` make one unit: whole milliseconds then count exactly. */
  let parts = capacity * perMs;
  let countedMs = -Infinity;

  const fill = (nowMs: number): void => {
    if (countedMs !== -Infinity) parts = Math.min(capacity * perMs, parts + (nowMs - countedMs) * refill);
    countedMs = nowMs;
  };

  return {
    limit,
    excess({ atMs, weight }) {
      fill(atMs);
      const missing = weight * perMs - parts;
      if (missing <= 0) return null;
      return { held: capacity + missing / perMs, allowed: capacity, retryAfterMs: missing / refill };
    },
    take({ weight }) {
      parts -= weight * perMs;
    },
  };
}
