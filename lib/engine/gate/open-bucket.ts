import type { BucketScope } from "../ports.ts";
import type { Bucket, BucketUse } from "./gate-item.ts";
import { openFixedWindows } from "./open-fixed-windows.ts";
import { openLearnt } from "./open-learnt.ts";
import { openLevel } from "./open-level.ts";
import { openLog } from "./open-log.ts";

/** One bucket while tokens are taken from it. Times are whole milliseconds, weights whole units. */
export interface OpenBucket {
  /** What we use of the limit, in units. */
  readonly count: number;
  /** No call is counted as more: what weighs more than the whole limit is for the partner to refuse. */
  readonly weightMax: number;
  /** What it lets through in the long run. */
  readonly unitsPerMs: number;
  /** The earliest date from `fromMs` on, when `kept` of the count is left to others. */
  earliestMs(fromMs: number, weight: number, kept: number): number;
  take(dateMs: number, weight: number): void;
  /** Only what was certainly not sent. */
  giveBack(dateMs: number, weight: number): void;
  /** How many units we would have at that date by our own count. */
  leftAt(dateMs: number): number;
  /** Makes sure that no more than that is left from that date on; `untilMs`, where the partner says when it has all back. */
  leaveOnly(left: number, dateMs: number, untilMs: number | null): void;
  /** The partner refused a call of that date; only a limit that is learnt cares. */
  refused?(sentAtMs: number, nowMs: number): void;
  /** As it is to be kept, and from when on nothing of it counts any more. */
  close(nowMs: number): Pick<Bucket, "use" | "untilMs">;
}

/** A call that is in nobody's hands any more is over by then at the partner: its time-out, and what is around it. */
export const leaseMs = 30_000;

/** A bucket under its limit; `use` of another kind belonged to something else and is not its own. */
export function openBucket(scope: BucketScope, use: BucketUse | null): OpenBucket {
  const { rule, share, uncertaintyMs } = scope;
  const logOf = use?.kind === "log" ? use.entries : [];
  switch (rule.kind) {
    case "slidingWindow":
      return openLog(logOf, {
        limit: rule.requests,
        count: usedOf(rule.requests, share),
        windowMs: rule.perMs,
        uncertaintyMs,
      });
    // A call under way is one that was sent less than a lease ago and has not been settled.
    case "concurrency":
      return openLog(logOf, {
        limit: rule.calls,
        count: usedOf(rule.calls, share),
        windowMs: leaseMs,
        uncertaintyMs,
        freedEarly: true,
      });
    case "tokenBucket":
      return openLevel(use?.kind === "level" ? use.emptyAtMs : 0, {
        limit: rule.capacity,
        capacity: rule.capacity * share,
        perMs: (rule.refill * share) / rule.perMs,
        uncertaintyMs,
      });
    case "fixedWindow":
      return openFixedWindows(use?.kind === "windows" ? use.windows : [], {
        rule,
        count: usedOf(rule.requests, share),
        uncertaintyMs,
      });
    case "learnt":
      return openLearnt(use?.kind === "learnt" ? use : null, rule, uncertaintyMs);
  }
}

function usedOf(requests: number, share: number): number {
  // 0.7 of 10 is 7, and not the 6 that binary fractions make of it.
  return Math.max(1, Math.floor(requests * share + 1e-9));
}
