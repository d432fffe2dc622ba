import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countOf, resetAtMsOf } from "../../../lib/engine/hints/header-number.ts";
import { xRateLimitHints } from "../../../lib/engine/hints/x-rate-limit.ts";

const nowMs = Date.UTC(2026, 10, 20, 12, 0, 0);
const dayMs = 86_400_000;
const read = (headers: Record<string, string>, status = 200) =>
  xRateLimitHints({ status, headers, body: null }, nowMs).remaining;

describe("xRateLimitHints", () => {
  test("reads GitHub's, whose reset is seconds since 1970", () => {
    const headers = {
      "x-ratelimit-limit": "5000",
      "x-ratelimit-remaining": "4987",
      "x-ratelimit-reset": String(nowMs / 1000 + 1_800),
    };
    expect(read(headers)).toEqual([{ perMs: null, limit: 5_000, remaining: 4_987, resetAtMs: nowMs + 1_800_000 }]);
  });

  test("reads Guesty's, with the windows in the names", () => {
    const headers = {
      "x-ratelimit-limit-second": "15",
      "x-ratelimit-remaining-second": "14",
      "x-ratelimit-limit-minute": "120",
      "x-ratelimit-remaining-minute": "0",
      "x-ratelimit-limit-hour": "5000",
      "x-ratelimit-remaining-hour": "4321",
    };
    expect(read(headers)).toEqual([
      { perMs: 1_000, limit: 15, remaining: 14, resetAtMs: null },
      { perMs: 60_000, limit: 120, remaining: 0, resetAtMs: null },
      { perMs: 3_600_000, limit: 5_000, remaining: 4_321, resetAtMs: null },
    ]);
  });

  test("reads the spelling with two hyphens", () => {
    expect(read({ "x-rate-limit-limit": "900", "x-rate-limit-remaining": "0", "x-rate-limit-reset": "20" })).toEqual([
      { perMs: null, limit: 900, remaining: 0, resetAtMs: nowMs + 20_000 },
    ]);
  });

  test("takes the strictest of duplicates", () => {
    const headers = { "x-ratelimit-limit": "100, 20", "x-ratelimit-remaining": "7,3", "x-ratelimit-reset": "5, 60" };
    expect(read(headers)).toEqual([{ perMs: null, limit: 20, remaining: 3, resetAtMs: nowMs + 60_000 }]);
  });

  test("takes a reset alone for a window that is used up, in a 429 only", () => {
    expect(read({ "x-ratelimit-reset": "9" }, 429)).toEqual([
      { perMs: null, limit: null, remaining: 0, resetAtMs: nowMs + 9_000 },
    ]);
    expect(read({ "x-ratelimit-reset": "9" })).toEqual([]);
    expect(read({ "x-ratelimit-limit": "9" }, 429)).toEqual([]);
  });
});

describe("countOf", () => {
  test.each([
    ["0", 0],
    [" 42 ", 42],
    ["3.9", 3],
    ["100, 100;w=60, 5000;w=3600", 100],
  ])("reads %j", (value, expected) => {
    expect(countOf(value)).toBe(expected);
  });

  test.each([undefined, "", "-1", "+1", "unlimited", "1e3", "0x1", "1,", "NaN", "9".repeat(16)])(
    "does not guess at %j",
    (value) => {
      expect(countOf(value)).toBeNull();
    },
  );
});

describe("resetAtMsOf", () => {
  test.each([
    ["0", 0],
    ["30", 30_000],
    ["0.5", 500],
    [String(nowMs / 1000 + 60), 60_000],
    [`${nowMs / 1000 + 60}.25`, 60_250],
    [String(nowMs + 60_000), 60_000],
    ["2026-11-20T12:01:00Z", 60_000],
    ["2026-11-20T12:01:00", 60_000],
    ["2026-11-20 12:01:00.5Z", 60_500],
    ["2026-11-20T14:01:00+02:00", 60_000],
    ["Fri, 20 Nov 2026 12:01:00 GMT", 60_000],
    ["2020-01-01T00:00:00Z", 0],
    ["1000000000", 0],
    ["999999999", dayMs],
    ["2099-01-01T00:00:00Z", dayMs],
  ])("reads %j", (value, afterMs) => {
    expect(resetAtMsOf(value, nowMs)).toBe(nowMs + afterMs);
  });

  test.each([undefined, "", "-5", "soon", "2026-13-40T99:00:00Z", "2026-11-20", "1m30s", "Infinity"])(
    "does not guess at %j",
    (value) => {
      expect(resetAtMsOf(value, nowMs)).toBeNull();
    },
  );

  test("is the same moment however it is written", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: dayMs / 1000 }), (seconds) => {
        const atMs = nowMs + seconds * 1000;
        const date = new Date(atMs);
        const forms = [String(seconds), String(atMs / 1000), String(atMs), date.toISOString(), date.toUTCString()];
        for (const form of forms) expect(resetAtMsOf(form, nowMs)).toBe(atMs);
      }),
    );
  });
});
