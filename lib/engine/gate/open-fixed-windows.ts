import { calendarOf } from "./calendar.ts";
import type { Window } from "./calendar.ts";
import type { CountedWindow } from "./gate-item.ts";
import type { LimitRule } from "./limit-rule.ts";
import type { OpenBucket } from "./open-bucket.ts";

/** Counters that start again at set times. A call dated within u of such a time may arrive on either side, and counts on both. */
export function openFixedWindows(
  kept: readonly CountedWindow[],
  limits: {
    readonly rule: Extract<LimitRule, { kind: "fixedWindow" }>;
    readonly count: number;
    readonly uncertaintyMs: number;
  },
): OpenBucket {
  const { rule, count, uncertaintyMs } = limits;
  const windowAt = calendarOf(rule);
  const used = new Map(kept.map((window) => [window.startMs, window.used]));

  const touchedBy = (dateMs: number): Window[] => {
    const touched: Window[] = [];
    for (let atMs = dateMs - uncertaintyMs; atMs <= dateMs + uncertaintyMs; atMs = touched.at(-1)?.endMs ?? Infinity)
      touched.push(windowAt(atMs));
    return touched;
  };
  const usedIn = ({ startMs }: Window): number => used.get(startMs) ?? 0;
  const add = (window: Window, weight: number): void => {
    used.set(window.startMs, Math.max(0, usedIn(window) + weight));
  };
  const leftAt = (dateMs: number): number =>
    Math.max(0, Math.min(...touchedBy(dateMs).map((window) => count - usedIn(window))));

  return {
    count,
    weightMax: rule.requests,
    unitsPerMs: count / rule.perMs,
    earliestMs(fromMs, weight, keptForOthers) {
      const usable = Math.max(count - keptForOthers, weight);
      let dateMs = fromMs;
      for (;;) {
        const full = touchedBy(dateMs).findLast((window) => usedIn(window) + weight > usable);
        if (full === undefined) return dateMs;
        dateMs = full.endMs + uncertaintyMs;
      }
    },
    take(dateMs, weight) {
      for (const window of touchedBy(dateMs)) add(window, weight);
    },
    giveBack(dateMs, weight) {
      for (const window of touchedBy(dateMs)) add(window, -weight);
    },
    leftAt,
    leaveOnly(left, dateMs) {
      const [window, other] = touchedBy(dateMs);
      // So close to a reset nobody knows which of the two the partner speaks of.
      if (window === undefined || other !== undefined) return;
      const excess = Math.floor(count - usedIn(window) - left);
      if (excess > 0) add(window, excess);
    },
    close(nowMs) {
      const live = [...used]
        .map(([startMs, weight]) => ({ startMs, used: weight, endMs: windowAt(startMs).endMs }))
        .filter((window) => window.used > 0 && window.endMs + 2 * uncertaintyMs > nowMs)
        .toSorted((a, b) => a.startMs - b.startMs);
      const windows = live.map(({ startMs, used: weight }) => ({ startMs, used: weight }));
      return { use: { kind: "windows", windows }, untilMs: (live.at(-1)?.endMs ?? -Infinity) + 2 * uncertaintyMs };
    },
  };
}
