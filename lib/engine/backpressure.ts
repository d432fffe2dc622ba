import type { PartnerDriver } from "./define-partner.ts";
import { rateOf } from "./gate/limit-rate.ts";
import { defaultShare } from "./limits.ts";
import type { LaneDepth } from "./ports.ts";

/** How full a lane is: messages that are not done (`depthOf`), and how long one waits until it is worked (null: not known). */
export interface LaneLoad {
  readonly depth: number;
  readonly ageMs: number | null;
}

/** Beyond these a lane has enough. */
export interface LaneBounds {
  readonly depthMax: number;
  readonly ageMsMax: number;
  /** Whether messages that wait for a limit are in everybody's way: only where all accounts share one. */
  readonly delayedCount: boolean;
}

export type Pressure =
  | { readonly kind: "free" }
  /** At most `startMax` more, the longest overdue: what waits longest still moves. */
  | { readonly kind: "few"; readonly startMax: number; readonly why: string }
  | { readonly kind: "none"; readonly why: string };

const minuteMs = 60_000;
/** So many minutes of work may wait: what is started now would begin no sooner. */
const backlogMinutes = 5;
/** A driver without limits, or with very high ones, is bound by our own workers. */
const depthBounds = { min: 50, max: 2_000 };
const ageBoundsMs = { min: 5 * minuteMs, max: 60 * minuteMs };
const fewMax = 10;

/**
 * What a partner's lane may hold before imports are held back. In messages: what the slowest of its limits lets through in
 * five minutes, as each message costs a call or more; from 50 to 2,000. In time: the shortest interval between two imports,
 * since then the next round would stand behind the last; from 5 minutes to an hour.
 */
export function laneBoundsOf(driver: Pick<PartnerDriver, "limits" | "resources">): LaneBounds {
  const perMinute = driver.limits.map(({ rule, share }) => {
    const rate = rateOf(rule);
    return rate === null ? Infinity : (rate.requests * (share ?? defaultShare) * minuteMs) / rate.perMs;
  });
  const everyMs = Object.values(driver.resources).map((resource) => resource.everyMs);
  return {
    depthMax: Math.floor(within(depthBounds, Math.min(...perMinute) * backlogMinutes)),
    ageMsMax: within(ageBoundsMs, Math.min(...everyMs)),
    delayedCount: driver.limits.some(({ per }) => per === "app"),
  };
}

/**
 * What on a lane keeps the next message from being worked. One that is delayed waits for its own account's limit, as a
 * rule, and takes no worker: a hundred accounts in their first import must not hold back all others.
 */
export function depthOf({ waiting, inFlight, delayed }: LaneDepth, { delayedCount }: LaneBounds): number {
  return waiting + inFlight + (delayedCount ? delayed : 0);
}

/**
 * How much more a lane should be given. Beyond a bound only a few, beyond twice its depth nothing. Age alone never stops
 * imports: whoever sends the canaries may be dead, and an almost empty lane has room however old what is on it.
 */
export function pressureOf({ depth, ageMs }: LaneLoad, bounds: LaneBounds): Pressure {
  if (depth >= bounds.depthMax) {
    const why = `its imports lane holds ${depth} messages, more than the ${bounds.depthMax} that its limits work off in time`;
    return depth >= 2 * bounds.depthMax ? { kind: "none", why } : { kind: "few", startMax: fewMax, why };
  }
  if (depth <= fewMax || ageMs === null || ageMs < bounds.ageMsMax) return { kind: "free" };
  const minutes = (ms: number): number => Math.round(ms / minuteMs);
  const why = `its imports lane is ${minutes(ageMs)} minutes behind, more than ${minutes(bounds.ageMsMax)}`;
  return { kind: "few", startMax: fewMax, why };
}

function within({ min, max }: { readonly min: number; readonly max: number }, value: number): number {
  return Math.min(max, Math.max(min, value));
}
