import type { LimitDeclaration, LimitOwner, LimitRule, WindowReset } from "./limit-rule.ts";

type Settings = Omit<LimitDeclaration, "rule">;

/**
 * At most `requests` in any `perMs`.
 *
 * @example slidingWindow({ per: "account", requests: 15, perMs: 1_000 })
 */
export function slidingWindow(
  limit: Settings & { readonly requests: number; readonly perMs: number },
): LimitDeclaration {
  const { requests, perMs, ...settings } = limit;
  return declared(settings, { kind: "slidingWindow", requests, perMs });
}

/**
 * A bucket at the partner that holds `capacity` and gets `refill` back each `perMs`.
 *
 * @example tokenBucket({ per: "account", capacity: 40, refill: 2, perMs: 1_000 })
 */
export function tokenBucket(
  limit: Settings & { readonly capacity: number; readonly refill: number; readonly perMs: number },
): LimitDeclaration {
  const { capacity, refill, perMs, ...settings } = limit;
  return declared(settings, { kind: "tokenBucket", capacity, refill, perMs });
}

/**
 * A counter that starts again at set times: `perMs` long from multiples of it, or a day long from an hour of a time zone.
 *
 * @example fixedWindow({ per: "app", requests: 100_000, perMs: 86_400_000, resets: { kind: "daily", timeZone: "America/Los_Angeles", hour: 0 } })
 */
export function fixedWindow(
  limit: Settings & { readonly requests: number; readonly perMs: number; readonly resets: WindowReset },
): LimitDeclaration {
  const { requests, perMs, resets, ...settings } = limit;
  return declared(settings, { kind: "fixedWindow", requests, perMs, resets });
}

/**
 * At most `calls` under way at a time.
 *
 * @example concurrency({ per: "account", calls: 15 })
 */
export function concurrency(limit: Settings & { readonly calls: number }): LimitDeclaration {
  const { calls, ...settings } = limit;
  return declared(settings, { kind: "concurrency", calls });
}

/**
 * For a limit that is nowhere documented: starts at a rate, is cut when the partner says 429, and rises slowly to `max`. Rates are calls a second.
 *
 * @example learnt({ per: "account", startPerSecond: 2, min: 0.1, max: 10 })
 */
export function learnt(
  limit: Settings & { readonly startPerSecond: number; readonly min: number; readonly max: number },
): LimitDeclaration {
  const { startPerSecond, min, max, ...settings } = limit;
  return declared(settings, { kind: "learnt", startPerSecond, minPerSecond: min, maxPerSecond: max });
}

function declared(settings: Settings & { readonly per: LimitOwner }, rule: LimitRule): LimitDeclaration {
  return { ...settings, rule };
}
