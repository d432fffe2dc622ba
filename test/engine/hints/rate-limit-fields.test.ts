import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rateLimitFieldHints } from "../../../lib/engine/hints/rate-limit-fields.ts";

const nowMs = Date.UTC(2026, 10, 20, 12, 0, 0);
const dayMs = 86_400_000;
const read = (headers: Record<string, string>, status = 200) =>
  rateLimitFieldHints({ status, headers, body: null }, nowMs).remaining;

describe("the list form, from draft 08 on", () => {
  test("pairs what is left with its policy by name", () => {
    const headers = {
      "ratelimit-policy": '"burst";q=100;w=60, "daily";q=1000;w=86400',
      ratelimit: '"daily";r=640;t=43200, "burst";r=0;t=12',
    };
    expect(read(headers)).toEqual([
      { perMs: dayMs, limit: 1_000, remaining: 640, resetAtMs: nowMs + 43_200_000 },
      { perMs: 60_000, limit: 100, remaining: 0, resetAtMs: nowMs + 12_000 },
    ]);
  });

  test("needs neither a policy nor a time, and takes a token for a name", () => {
    expect(read({ ratelimit: '"default";r=5' })).toEqual([{ perMs: null, limit: null, remaining: 5, resetAtMs: null }]);
    expect(read({ ratelimit: "default;r=5;t=0" })).toEqual([
      { perMs: null, limit: null, remaining: 5, resetAtMs: nowMs },
    ]);
  });

  test("leaves out what counts something else than calls", () => {
    const headers = {
      "ratelimit-policy": '"bytes";q=65535;qu="content-bytes";w=10, "calls";q=10;qu="requests";w=1;pk=:c2x1aWNl:',
      ratelimit: '"bytes";r=0;t=9, "calls";r=4;pk=:c2x1aWNl:',
    };
    expect(read(headers)).toEqual([{ perMs: 1_000, limit: 10, remaining: 4, resetAtMs: null }]);
  });

  test("bounds a far reset to a day, and knows no window longer than a month", () => {
    const headers = { "ratelimit-policy": '"p";q=1;w=999999999999999', ratelimit: '"p";r=0;t=999999999999999' };
    expect(read(headers)).toEqual([{ perMs: null, limit: 1, remaining: 0, resetAtMs: nowMs + dayMs }]);
  });

  test.each([
    '"p";r=-1',
    '"p";r=1.5',
    '"p";r="5"',
    '"p";t=5',
    '("p");r=5',
    "5;r=5",
    '"p";r=5,',
    '"p";r=5;t=5 x',
    `"p";r=5${" ".repeat(5_000)}`,
  ])("does not guess at %j", (ratelimit) => {
    expect(read({ ratelimit })).toEqual([]);
  });

  test("reads what a server writes", () => {
    const whole = fc.integer({ min: 0, max: 1_000_000 });
    const name = fc.stringMatching(/^[a-z][a-z0-9 -]{0,12}$/);
    const window = fc.record({
      name,
      quota: whole,
      seconds: fc.integer({ min: 1, max: 86_400 }),
      left: whole,
      reset: whole,
    });
    fc.assert(
      fc.property(fc.uniqueArray(window, { selector: (one) => one.name, maxLength: 8 }), (windows) => {
        const headers = {
          "ratelimit-policy": windows.map((one) => `"${one.name}";q=${one.quota};w=${one.seconds}`).join(", "),
          ratelimit: windows.map((one) => `"${one.name}";r=${one.left};t=${one.reset}`).join(","),
        };
        expect(read(headers)).toEqual(
          windows.map((one) => ({
            perMs: one.seconds * 1000,
            limit: one.quota,
            remaining: one.left,
            resetAtMs: nowMs + Math.min(dayMs, one.reset * 1000),
          })),
        );
      }),
    );
  });
});

describe("the dictionary form of draft 07", () => {
  test("finds its policy by the quota", () => {
    const headers = {
      "ratelimit-policy": "100;w=60, 5000;w=3600",
      ratelimit: "limit=100, remaining=50, reset=30",
    };
    expect(read(headers)).toEqual([{ perMs: 60_000, limit: 100, remaining: 50, resetAtMs: nowMs + 30_000 }]);
  });

  test("needs only what remains", () => {
    expect(read({ ratelimit: "remaining=3" })).toEqual([{ perMs: null, limit: null, remaining: 3, resetAtMs: null }]);
    expect(read({ ratelimit: "limit=3, reset=3" })).toEqual([]);
  });
});

describe("the three fields, up to draft 06", () => {
  test("are read as they are sent in practice", () => {
    const headers = {
      "ratelimit-limit": "100, 100;w=60",
      "ratelimit-remaining": "7",
      "ratelimit-reset": "50",
      "ratelimit-remaining-second": "0",
      "ratelimit-limit-second": "8",
    };
    expect(read(headers)).toEqual([
      { perMs: null, limit: 100, remaining: 7, resetAtMs: nowMs + 50_000 },
      { perMs: 1_000, limit: 8, remaining: 0, resetAtMs: null },
    ]);
  });
});
