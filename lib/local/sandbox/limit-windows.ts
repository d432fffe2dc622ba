/** How a partner counts arrivals in windows. */
export type WindowRule =
  /** In any window. It is open at its old end: arrivals exactly `windowMs` apart share none. */
  | { readonly kind: "rate"; readonly windowMs: number }
  /** From one multiple of `windowMs` since 1970, plus `offsetMs`, to the next. */
  | { readonly kind: "fixed"; readonly windowMs: number; readonly offsetMs: number }
  /** From one day's `hour` to the next by the zone's clock, daylight saving included. */
  | { readonly kind: "daily"; readonly timeZone: string; readonly hour: number };

/** When the window began that `nowMs` lies in, or ends. */
export function windowStartMs(rule: WindowRule, nowMs: number): number {
  switch (rule.kind) {
    case "rate":
      return nowMs - rule.windowMs;
    case "fixed":
      return Math.floor((nowMs - rule.offsetMs) / rule.windowMs) * rule.windowMs + rule.offsetMs;
    case "daily":
      return startOfDayMs(rule, nowMs);
  }
}

const dayMs = 86_400_000;

function startOfDayMs(rule: { readonly timeZone: string; readonly hour: number }, nowMs: number): number {
  const dayOf = dayCounter(rule.timeZone, rule.hour);
  const today = dayOf(nowMs);
  let within = Math.floor(nowMs);
  // No day is longer than 26 hours.
  let beyond = within - dayMs - 2 * 3_600_000;
  while (within - beyond > 1) {
    const middle = Math.floor((within + beyond) / 2);
    if (dayOf(middle) < today) beyond = middle;
    else within = middle;
  }
  return within;
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
