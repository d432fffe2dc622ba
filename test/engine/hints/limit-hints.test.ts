import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultHintSources } from "../../../lib/engine/hints/hint-source.ts";
import type { HintSource } from "../../../lib/engine/hints/hint-source.ts";
import { hintsOf } from "../../../lib/engine/hints/limit-hints.ts";
import { noHints } from "../../../lib/engine/gate/no-hints.ts";
import { eachSource, garbageAnswer } from "./support/answers.ts";

const nowMs = Date.UTC(2026, 10, 20, 12, 0, 0);
const dayMs = 86_400_000;

function hear(status: number, headers: Record<string, string>, hints?: readonly HintSource[]) {
  return hintsOf(hints === undefined ? {} : { hints }, { status, headers, body: null }, nowMs);
}

describe("hintsOf", () => {
  test("says nothing of an answer that says nothing", () => {
    expect(hear(200, {})).toEqual(noHints);
    expect(hear(429, {})).toEqual(noHints);
  });

  test.each([429, 403, 500, 503])("takes the Retry-After of a %i for the account's", (status) => {
    expect(hear(status, { "retry-after": "30" }).notBeforeMs).toBe(nowMs + 30_000);
  });

  test.each([200, 202, 301, 404, 413])("takes the Retry-After of a %i for that one thing's", (status) => {
    expect(hear(status, { "retry-after": "30" }).notBeforeMs).toBeNull();
  });

  test("reads only what the driver names", () => {
    const headers = { "retry-after": "30", "x-ratelimit-remaining": "3" };
    expect(hear(429, headers, ["x-rate-limit"])).toMatchObject({ notBeforeMs: null, remaining: [{ remaining: 3 }] });
    expect(hear(429, headers, ["retry-after"])).toMatchObject({ notBeforeMs: nowMs + 30_000, remaining: [] });
    expect(hear(429, headers, defaultHintSources)).toEqual(hear(429, headers));
  });

  test("waits for the last window that is used up, when turned away without a Retry-After", () => {
    const headers = {
      "x-ratelimit-remaining-second": "0",
      "x-ratelimit-reset-second": "1",
      "x-ratelimit-remaining-minute": "0",
      "x-ratelimit-reset-minute": "40",
      "x-ratelimit-remaining-hour": "10",
      "x-ratelimit-reset-hour": "1800",
    };
    expect(hear(429, headers).notBeforeMs).toBe(nowMs + 40_000);
    expect(hear(200, headers).notBeforeMs).toBeNull();
    expect(hear(429, { ...headers, "retry-after": "2" }).notBeforeMs).toBe(nowMs + 2_000);
  });

  test("keeps windows to a bound", () => {
    const field = Array.from({ length: 100 }, (_, index) => `"p${index}";r=1`).join(", ");
    expect(hear(200, { ratelimit: field }).remaining).toHaveLength(16);
  });

  test("never throws, and only tightens, whatever comes", () => {
    fc.assert(
      fc.property(garbageAnswer, fc.integer({ min: 0, max: 4e12 }), (answer, atMs) => {
        const hints = hintsOf({ hints: eachSource }, answer, atMs);
        const isMoment = (value: number | null): boolean =>
          value === null || (Number.isSafeInteger(value) && value >= atMs && value <= atMs + dayMs);
        const isCount = (value: number | null): boolean =>
          value === null || (Number.isSafeInteger(value) && value >= 0);
        expect(isMoment(hints.notBeforeMs)).toBe(true);
        expect(hints.usedWeight === null || hints.usedWeight >= 0).toBe(true);
        expect(hints.remaining.length).toBeLessThanOrEqual(16);
        for (const window of hints.remaining) {
          expect(Number.isSafeInteger(window.remaining) && window.remaining >= 0).toBe(true);
          expect(isCount(window.limit)).toBe(true);
          expect(isMoment(window.resetAtMs)).toBe(true);
          expect(window.perMs === null || (Number.isSafeInteger(window.perMs) && window.perMs > 0)).toBe(true);
        }
        expect(JSON.parse(JSON.stringify(hints))).toEqual(hints);
      }),
      { numRuns: 2_000 },
    );
  });
});
