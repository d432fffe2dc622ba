import type { LogEntry } from "./gate-item.ts";
import type { OpenBucket } from "./open-bucket.ts";
import { addToLog, earliestInLog, heldInLog, inUnits, takeOffLog, unitMsFor } from "./slot-log.ts";

/**
 * A sliding window: the calls that arrive within a window W were dated within W + u, so that any W + u of dates may hold the
 * count, and no more.
 */
export function openLog(
  kept: readonly LogEntry[],
  limits: {
    readonly limit: number;
    readonly count: number;
    readonly windowMs: number;
    readonly uncertaintyMs: number;
    /** What is taken comes back before its window ends: how soon is nobody's to know. */
    readonly freedEarly?: boolean;
  },
): OpenBucket {
  const { count, windowMs, uncertaintyMs } = limits;
  const spanMs = windowMs + uncertaintyMs;
  const unitMs = unitMsFor(spanMs);
  let entries = kept;

  // Whatever the partner may still count, and whatever may have arrived before the call of that date.
  const leftAt = (dateMs: number): number =>
    Math.max(0, count - heldInLog(entries, dateMs + uncertaintyMs, spanMs + 2 * uncertaintyMs));

  return {
    count,
    weightMax: limits.limit,
    unitsPerMs: limits.freedEarly === true ? Infinity : count / spanMs,
    earliestMs(fromMs, weight, keptForOthers) {
      // A call that weighs more than our part of the limit has the window for itself.
      const bound = { count: Math.max(count - keptForOthers, weight), spanMs };
      let dateMs = earliestInLog(entries, fromMs, weight, bound);
      // From where a unit begins: rounded, it would share a span with the very calls that it waited for.
      while (dateMs > fromMs && dateMs % unitMs > 0)
        dateMs = earliestInLog(entries, Math.ceil(dateMs / unitMs) * unitMs, weight, bound);
      return dateMs;
    },
    take(dateMs, weight) {
      entries = addToLog(entries, dateMs, weight);
    },
    giveBack(dateMs, weight) {
      entries = takeOffLog(entries, dateMs, weight);
    },
    leftAt,
    leaveOnly(left, dateMs, untilMs) {
      const excess = Math.floor(leftAt(dateMs) - left);
      // It is free again when its span has passed, or when the partner says that all is: whichever is sooner.
      const usedAtMs = untilMs === null ? dateMs : Math.min(dateMs, Math.ceil(untilMs) - spanMs);
      if (excess > 0) entries = addToLog(entries, usedAtMs, excess);
    },
    close(nowMs) {
      // A clock that is behind by no more than the uncertainty still sees whatever shares a span with its own dates.
      const live = entries.filter((entry) => entry.lastMs + spanMs + uncertaintyMs > nowMs);
      const rounded = inUnits(live, unitMs);
      const untilMs = (rounded.at(-1)?.lastMs ?? -Infinity) + spanMs + uncertaintyMs;
      return { use: { kind: "log", unitMs, entries: rounded }, untilMs };
    },
  };
}
