import type { OpenBucket } from "./open-bucket.ts";

/**
 * A bucket at the partner, seen from the dates: what is dated within x arrives within no less than x - u, so of the capacity
 * what comes back in u is not ours to use. `emptyAtMs` is when all that was taken will be back.
 */
export function openLevel(
  emptyAtStartMs: number,
  limits: {
    readonly limit: number;
    readonly capacity: number;
    /** Units that come back each millisecond. */
    readonly perMs: number;
    readonly uncertaintyMs: number;
  },
): OpenBucket {
  const { perMs, uncertaintyMs } = limits;
  const capacity = limits.capacity - perMs * uncertaintyMs;
  let emptyAtMs = emptyAtStartMs;

  const leftAt = (dateMs: number): number => Math.max(0, capacity - Math.max(0, (emptyAtMs - dateMs) * perMs));

  return {
    count: Math.max(0, capacity),
    weightMax: limits.limit,
    unitsPerMs: perMs,
    earliestMs(fromMs, weight, kept) {
      // Too small a capacity for the weight gives a date after the bucket is empty: calls are then spaced.
      const usable = Math.max(capacity - kept, Math.min(capacity, weight));
      return Math.max(fromMs, Math.ceil(emptyAtMs - (usable - weight) / perMs - 1e-6));
    },
    take(dateMs, weight) {
      emptyAtMs = Math.max(emptyAtMs, dateMs) + weight / perMs;
    },
    giveBack(_dateMs, weight) {
      emptyAtMs -= weight / perMs;
    },
    leftAt,
    leaveOnly(left, dateMs) {
      if (leftAt(dateMs) > left) emptyAtMs = Math.max(emptyAtMs, dateMs + (capacity - left) / perMs);
    },
    close() {
      // Spaced calls look further back than the moment at which the bucket is empty.
      const untilMs = emptyAtMs + Math.max(0, limits.limit - capacity) / perMs + uncertaintyMs;
      return { use: { kind: "level", emptyAtMs }, untilMs: Math.ceil(untilMs) };
    },
  };
}
