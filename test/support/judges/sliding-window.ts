import type { Meter } from "./judge.ts";

/**
 * At most `requests` units in any window of `perMs`, wherever it begins. A window is open at its old end: two arrivals
 * exactly `perMs` apart share none.
 */
export function slidingWindowMeter(limit: string, rule: { readonly requests: number; readonly perMs: number }): Meter {
  const { requests, perMs } = rule;
  const taken: { readonly atMs: number; readonly weight: number }[] = [];
  let oldest = 0;
  let held = 0;

  const forget = (nowMs: number): void => {
    for (let first = taken[oldest]; first !== undefined && first.atMs <= nowMs - perMs; first = taken[oldest]) {
      held -= first.weight;
      oldest += 1;
    }
    if (oldest < 1_000 || oldest * 2 < taken.length) return;
    taken.splice(0, oldest);
    oldest = 0;
  };

  /** When enough of the oldest will have left the window. */
  const roomAtMs = (weight: number, nowMs: number): number => {
    let over = held + weight - requests;
    for (let index = oldest; index < taken.length; index += 1) {
      const { atMs, weight } = taken[index] ?? { atMs: nowMs, weight: 0 };
      over -= weight;
      if (over <= 0) return atMs + perMs;
    }
    return nowMs + perMs;
  };

  return {
    limit,
    excess({ atMs, weight }) {
      forget(atMs);
      if (held + weight <= requests) return null;
      return { held: held + weight, allowed: requests, retryAfterMs: roomAtMs(weight, atMs) - atMs };
    },
    take({ atMs, weight }) {
      taken.push({ atMs, weight });
      held += weight;
    },
  };
}
