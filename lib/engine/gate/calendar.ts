import type { LimitRule, WindowReset } from "./limit-rule.ts";

/** From `startMs` on, up to and without `endMs`. */
export interface Window {
  readonly startMs: number;
  readonly endMs: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The window of a limit that a moment lies in. */
export function calendarOf({ perMs, resets }: Extract<LimitRule, { kind: "fixedWindow" }>): (atMs: number) => Window {
  if (resets.kind === "daily") return (atMs) => dayAt(resets, atMs);
  return (atMs) => {
    const startMs = Math.floor((atMs - resets.offsetMs) / perMs) * perMs + resets.offsetMs;
    return { startMs, endMs: startMs + perMs };
  };
}

/** Days of the zone's own clock: 23 hours long when clocks go forward, 25 when they go back. */
function dayAt(resets: Extract<WindowReset, { kind: "daily" }>, atMs: number): Window {
  const { timeZone, hour } = resets;
  const day = Math.floor((atMs + offsetMs(timeZone, atMs) - hour * hourMs) / dayMs);
  return {
    startMs: instantOf(timeZone, day * dayMs + hour * hourMs),
    endMs: instantOf(timeZone, (day + 1) * dayMs + hour * hourMs),
  };
}

/** The first moment at which the zone's clock shows `wallMs` (as if it were UTC) or, where it skips that, something later. */
function instantOf(timeZone: string, wallMs: number): number {
  const offsets = [offsetMs(timeZone, wallMs - dayMs), offsetMs(timeZone, wallMs + dayMs)];
  const [firstMs, lastMs] = [wallMs - Math.max(...offsets), wallMs - Math.min(...offsets)];
  if (firstMs + offsetMs(timeZone, firstMs) === wallMs) return firstMs;
  if (lastMs + offsetMs(timeZone, lastMs) === wallMs && firstMs + offsetMs(timeZone, lastMs - 1) >= wallMs)
    return lastMs;
  let [before, from] = [firstMs - 1, lastMs];
  while (from - before > 1) {
    const middle = Math.floor((before + from) / 2);
    if (middle + offsetMs(timeZone, middle) >= wallMs) from = middle;
    else before = middle;
  }
  return from;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** How far the zone's clock is ahead of UTC. */
function offsetMs(timeZone: string, atMs: number): number {
  const format = formats.get(timeZone) ?? formatOf(timeZone);
  formats.set(timeZone, format);
  const seconds = Math.floor(atMs / 1_000) * 1_000;
  const parts = new Map(format.formatToParts(seconds).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  const wallMs = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return wallMs - seconds;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const numeric = "numeric";
  return new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: numeric,
    month: numeric,
    day: numeric,
    hour: numeric,
    minute: numeric,
    second: numeric,
  });
}
