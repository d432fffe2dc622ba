import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { retryAfterMsOf } from "../../../lib/engine/hints/retry-after.ts";

const nowMs = Date.UTC(2026, 10, 20, 12, 0, 0);
const dayMs = 86_400_000;

describe("retryAfterMsOf", () => {
  test.each([
    ["0", 0],
    ["1", 1_000],
    [" 120 ", 120_000],
    ["1.5", 1_500],
    ["0.0001", 1],
    ["86401", dayMs],
    ["99999999999999999999999999", dayMs],
    ["\t42 ", 42_000],
    ["1.0", 1_000],
    ["2.0", 2_000],
    ["3, 120 ,7", 120_000],
  ])("reads %j as seconds", (value, expected) => {
    expect(retryAfterMsOf(value, nowMs)).toBe(expected);
  });

  test.each([
    ["Fri, 20 Nov 2026 12:01:00 GMT", 60_000],
    ["Fri, 20 Nov 2026 12:01:00 UTC", 60_000],
    ["Fri, 20 Nov 2026 12:30:12 GMT", 1_812_000],
    ["Tue, 1 Dec 2026 00:00:00 GMT", dayMs],
    ["Friday, 20-Nov-26 12:01:00 GMT", 60_000],
    ["Fri Nov 20 12:01:00 2026", 60_000],
    ["Tue Dec  1 00:00:00 2026", dayMs],
    ["Fri, 20 Nov 2026 11:59:59 GMT", 0],
    ["Sunday, 06-Nov-94 08:49:37 GMT", 0],
    ["Wed, 21 Oct 2015 07:28:00 GMT", 0],
    ["Sat, 20 Nov 2027 12:00:00 GMT", dayMs],
  ])("reads %j as an HTTP date", (value, expected) => {
    expect(retryAfterMsOf(value, nowMs)).toBe(expected);
  });

  test("reads an asctime date as UTC whatever zone the machine is in", () => {
    const zone = process.env["TZ"];
    try {
      process.env["TZ"] = "Asia/Tokyo";
      expect(retryAfterMsOf("Fri Nov 20 12:01:00 2026", nowMs)).toBe(60_000);
    } finally {
      if (zone === undefined) delete process.env["TZ"];
      else process.env["TZ"] = zone;
    }
  });

  test.each([
    undefined,
    "",
    "   ",
    "-1",
    "+5",
    "1e3",
    "0x10",
    "5 seconds",
    "retry 5",
    "NaN",
    "Infinity",
    "1, soon",
    "1,,2",
    "1,",
    "\u00b2",
    "-5, 10",
    "2026-11-20T12:01:00Z",
    "Fri, 20 Nov 2026 12:01:00 PST",
    "Fri, 20 Foo 2026 12:01:00 GMT",
    "Fri, 40 Nov 2026 12:01:00 GMT",
    "Fri, 20 Nov 2026 25:01:00 GMT",
    "Fri, 20 Nov 2026 12:61:00 GMT",
    "9".repeat(5_000),
  ])("does not guess at %j", (value) => {
    expect(retryAfterMsOf(value, nowMs)).toBeNull();
  });

  test("is null or between now and a day, whatever comes", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.date().map((date) => (Number.isNaN(date.getTime()) ? "" : date.toUTCString())),
          fc.double().map(String),
        ),
        (value) => {
          const delayMs = retryAfterMsOf(value, nowMs);
          expect(delayMs === null || (delayMs >= 0 && delayMs <= dayMs)).toBe(true);
        },
      ),
    );
  });

  test("gives the same delay for a moment in each of the three forms", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: dayMs / 1000 }), (seconds) => {
        const [day, date, month, year, time] = new Date(nowMs + seconds * 1000)
          .toUTCString()
          .replace(",", "")
          .split(" ");
        const forms = [
          `${seconds}`,
          `${day}, ${date} ${month} ${year} ${time} GMT`,
          `Thursday, ${date}-${month}-${year?.slice(2)} ${time} GMT`,
          `${day} ${month} ${date?.replace(/^0/, " ")} ${time} ${year}`,
        ];
        for (const form of forms) expect(retryAfterMsOf(form, nowMs)).toBe(seconds * 1000);
      }),
    );
  });
});
