import type { Meter } from "./judge.ts";

export type Resets =
  | { readonly kind: "aligned"; readonly offsetMs: number }
  /** At this hour of every day by the zone's own clock, daylight saving included. */
  | { readonly kind: "daily"; readonly timeZone: string; readonly hour: number };

export interface FixedWindowRule {
  readonly requests: number;
  /** For windows that are aligned; a day is as long as its zone makes it. */
  readonly perMs: number;
  readonly resets: Resets;
}

/** At most `requests` units between two resets. */
export function fixedWindowMeter(limit: string, rule: FixedWindowRule): Meter {
  const { requests } = rule;
  const windowOf =
    rule.resets.kind === "aligned" ? alignedWindow(rule.perMs, rule.resets.offsetMs) : dailyWindow(rule.resets);
  let current = { window: -Infinity, endsAtMs: -Infinity };
  let held = 0;

  const enter = (nowMs: number): void => {
    if (nowMs < current.endsAtMs) return;
    current = windowOf(nowMs);
    held = 0;
  };

  return {
    limit,
    excess({ atMs, weight }) {
      enter(atMs);
      if (held + weight <= requests) return null;
      return { held: held + weight, allowed: requests, retryAfterMs: current.endsAtMs - atMs };
    },
    take({ weight }) {
      held += weight;
    },
  };
}

interface Window {
  /** Grows with time. */
  readonly window: number;
  readonly endsAtMs: number;
}

function alignedWindow(perMs: number, offsetMs: number): (nowMs: number) => Window {
  return (nowMs) => {
    const window = Math.floor((nowMs - offsetMs) / perMs);
    return { window, endsAtMs: (window + 1) * perMs + offsetMs };
  };
}

const dayMs = 86_400_000;

function dailyWindow(resets: { readonly timeZone: string; readonly hour: number }): (nowMs: number) => Window {
  const dayOf = dayCounter(resets.timeZone, resets.hour);
  return (nowMs) => {
    const window = dayOf(nowMs);
    // No day is longer than 26 hours; the first millisecond of the next one lies between.
    let within = Math.floor(nowMs);
    let beyond = within + dayMs + 2 * 3_600_000;
    while (beyond - within > 1) {
      const middle = Math.floor((within + beyond) / 2);
      if (dayOf(middle) > window) beyond = middle;
      else within = middle;
    }
    return { window, endsAtMs: beyond };
  };
}

/** The day, counted from 1970, that a moment belongs to in a zone where days begin at `hour`. */
function dayCounter(timeZone: string, hour: number): (atMs: number) => number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
  });
  return (atMs) => {
    const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
    const part = (type: "year" | "month" | "day" | "hour"): number => parts.get(type) ?? Number.NaN;
    const midnightMs = Date.UTC(part("year"), part("month") - 1, part("day"));
    return midnightMs / dayMs - (part("hour") < hour ? 1 : 0);
  };
}
