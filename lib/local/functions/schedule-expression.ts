import { Cron } from "croner";

/** When a schedule fires. */
export interface Timetable {
  /** The first firing after the moment, for a schedule that began at `anchorMs`; null when there is none. */
  next(afterMs: number, anchorMs: number): number | null;
}

const unitMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/**
 * Reads `rate(5 minutes)`, `cron(0 12 ? * MON-FRI *)` and `at(2027-01-01T00:00:00)`; anything else is an error.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
export function parseScheduleExpression(expression: string, timezone = "UTC"): Timetable {
  const parts = /^(rate|cron|at)\((.+)\)$/.exec(expression.trim());
  const [, kind, content = ""] = parts ?? [];
  if (kind === "rate") return everyPeriod(ratePeriodMs(expression, content));
  if (kind === "cron") return fromCron(expression, cronPattern(expression, content), timezone);
  if (kind === "at") return fromCron(expression, content, timezone);
  throw new Error(`The schedule expression "${expression}" is none of rate(…), cron(…) and at(…).`);
}

function ratePeriodMs(expression: string, content: string): number {
  const [, count, unit] = /^(\d+) (minute|hour|day)s?$/.exec(content.trim()) ?? [];
  const periodMs = Number(count) * (unit === "minute" || unit === "hour" || unit === "day" ? unitMs[unit] : Number.NaN);
  if (periodMs > 0) return periodMs;
  throw new Error(`The schedule expression "${expression}" is not rate(n minutes), rate(n hours) or rate(n days).`);
}

function everyPeriod(periodMs: number): Timetable {
  return { next: (afterMs, anchorMs) => anchorMs + (Math.floor((afterMs - anchorMs) / periodMs) + 1) * periodMs };
}

function cronPattern(expression: string, content: string): string {
  const fields = content.trim().split(/\s+/);
  // Seconds are the library's first field; AWS has none.
  if (fields.length === 6) return `0 ${fields.join(" ")}`;
  throw new Error(
    `The schedule expression "${expression}" must have six fields: minutes hours day-of-month month day-of-week year.`,
  );
}

function fromCron(expression: string, pattern: string, timezone: string): Timetable {
  try {
    // AWS counts Sunday as 1 and writes "every 15 from 0" as 0/15.
    const cron = new Cron(pattern, { paused: true, timezone, alternativeWeekdays: true, sloppyRanges: true });
    return { next: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime() ?? null };
  } catch (error) {
    throw new Error(`The schedule expression "${expression}" cannot be read: ${String(error)}`, { cause: error });
  }
}
