import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { calendarOf } from "../../../lib/engine/gate/calendar.ts";

const hourMs = 3_600_000;
const daily = (timeZone: string, hour: number) =>
  calendarOf({ kind: "fixedWindow", requests: 1, perMs: 24 * hourMs, resets: { kind: "daily", timeZone, hour } });

describe("a day of a partner's quota", () => {
  test.each([
    // Clocks go forward on 8 March 2026 and back on 1 November, at 2 o'clock.
    ["forward", "America/Los_Angeles", 0, "2026-03-08T20:00:00Z", "2026-03-08T08:00:00Z", "2026-03-09T07:00:00Z"],
    ["back", "America/Los_Angeles", 0, "2026-11-01T20:00:00Z", "2026-11-01T07:00:00Z", "2026-11-02T08:00:00Z"],
    [
      "at an hour that is skipped",
      "America/Los_Angeles",
      2,
      "2026-03-08T20:00:00Z",
      "2026-03-08T10:00:00Z",
      "2026-03-09T09:00:00Z",
    ],
    [
      "at an hour that comes twice",
      "America/Los_Angeles",
      1,
      "2026-11-01T20:00:00Z",
      "2026-11-01T08:00:00Z",
      "2026-11-02T09:00:00Z",
    ],
    ["half an hour off", "Asia/Kolkata", 9, "2026-05-05T03:29:59.999Z", "2026-05-04T03:30:00Z", "2026-05-05T03:30:00Z"],
    [
      "where half an hour is skipped",
      "Australia/Lord_Howe",
      2,
      "2026-10-03T20:00:00Z",
      "2026-10-03T15:30:00Z",
      "2026-10-04T15:00:00Z",
    ],
    ["in UTC", "UTC", 0, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"],
  ])("%s", (_, timeZone, hour, at, start, end) => {
    const window = daily(timeZone, hour)(Date.parse(at));
    expect([window.startMs, window.endMs].map((atMs) => new Date(atMs).toISOString())).toEqual(
      [start, end].map((text) => new Date(text).toISOString()),
    );
  });

  test("follows on the one before, wherever and whenever", () => {
    const zone = fc.constantFrom(
      "America/New_York",
      "Europe/Berlin",
      "Asia/Tokyo",
      "Australia/Lord_Howe",
      "America/Sao_Paulo",
    );
    const moment = fc.integer({ min: Date.UTC(2015, 0), max: Date.UTC(2030, 0) });
    fc.assert(
      fc.property(zone, fc.integer({ min: 0, max: 23 }), moment, (timeZone, hour, atMs) => {
        const windowAt = daily(timeZone, hour);
        const window = windowAt(atMs);
        expect(window.startMs <= atMs && atMs < window.endMs).toBe(true);
        expect(windowAt(window.endMs).startMs).toBe(window.endMs);
        expect(windowAt(window.startMs - 1).endMs).toBe(window.startMs);
      }),
      { numRuns: 150 },
    );
  });

  test("may be any other time, from where it is aligned", () => {
    const quarters = calendarOf({
      kind: "fixedWindow",
      requests: 1,
      perMs: 900_000,
      resets: { kind: "aligned", offsetMs: 60_000 },
    });
    expect(quarters(960_000)).toEqual({ startMs: 960_000, endMs: 1_860_000 });
    expect(quarters(959_999)).toEqual({ startMs: 60_000, endMs: 960_000 });
  });
});
