import { expect, test } from "vitest";
import { parseScheduleExpression } from "../../../lib/local/functions/schedule-expression.ts";

const at = (text: string): number => Date.parse(text);
const shown = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

test.each([
  ["rate(1 minute)", "2026-11-20T09:00:10Z", "2026-11-20T09:00:30.000Z"],
  ["rate(5 minutes)", "2026-11-20T09:04:30Z", "2026-11-20T09:05:30.000Z"],
  ["rate(5 minutes)", "2026-11-20T09:05:30Z", "2026-11-20T09:10:30.000Z"],
  ["rate(1 hour)", "2026-11-20T08:00:30Z", "2026-11-20T09:00:30.000Z"],
  ["rate(2 days)", "2026-11-20T08:00:30Z", "2026-11-22T08:00:30.000Z"],
])("%s after %s, begun at 08:00:30, is %s", (expression, after, next) => {
  expect(shown(parseScheduleExpression(expression).next(at(after), at("2026-11-20T08:00:30Z")))).toBe(next);
});

// The dates are from the calendar; the forms are those of EventBridge Scheduler's guide.
test.each([
  ["cron(0 12 ? * MON-FRI *)", "2026-11-21T00:00:00Z", "2026-11-23T12:00:00.000Z"],
  ["cron(15 10 * * ? *)", "2026-11-20T10:15:00Z", "2026-11-21T10:15:00.000Z"],
  ["cron(0 10 ? * 2#1 *)", "2026-11-20T00:00:00Z", "2026-12-07T10:00:00.000Z"],
  ["cron(0 0 L * ? *)", "2026-02-10T00:00:00Z", "2026-02-28T00:00:00.000Z"],
  ["cron(0 9 ? * 6L *)", "2026-11-20T10:00:00Z", "2026-11-27T09:00:00.000Z"],
  ["cron(0/15 8 ? * 1 *)", "2026-11-20T00:00:00Z", "2026-11-22T08:00:00.000Z"],
  ["at(2027-01-01T00:00:00)", "2026-11-20T00:00:00Z", "2027-01-01T00:00:00.000Z"],
])("%s after %s is %s", (expression, after, next) => {
  expect(shown(parseScheduleExpression(expression).next(at(after), 0))).toBe(next);
});

test("a time that is over never comes", () => {
  expect(parseScheduleExpression("at(2026-01-01T00:00:00)").next(at("2026-11-20T00:00:00Z"), 0)).toBeNull();
  expect(parseScheduleExpression("cron(0 0 1 1 ? 2020)").next(at("2026-11-20T00:00:00Z"), 0)).toBeNull();
});

test("a timezone moves the hour, summer time included", () => {
  const berlin = parseScheduleExpression("cron(0 9 * * ? *)", "Europe/Berlin");

  expect(shown(berlin.next(at("2026-07-01T00:00:00Z"), 0))).toBe("2026-07-01T07:00:00.000Z");
  expect(shown(berlin.next(at("2026-12-01T00:00:00Z"), 0))).toBe("2026-12-01T08:00:00.000Z");
});

test.each([
  "rate(0 minutes)",
  "rate(1 week)",
  "rate(1.5 hours)",
  "every minute",
  "cron(0 12 * * *)",
  "cron(99 12 ? * * *)",
  "at(soon)",
  "",
])("%j is refused by its text", (expression) => {
  expect(() => parseScheduleExpression(expression)).toThrow(`"${expression}"`);
});
