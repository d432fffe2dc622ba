import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fullJitterMs } from "../../lib/engine/backoff.ts";

const bounds = { baseMs: 1_000, delayMsMax: 1_800_000 };
const almostOne = 1 - Number.EPSILON / 2;
const always = (unit: number) => ({ unit: () => unit });

describe("fullJitterMs", () => {
  test.each([
    [1, 1_000],
    [2, 2_000],
    [5, 16_000],
    [11, 1_024_000],
    [12, 1_800_000],
    [1_000_000, 1_800_000],
  ])("after failure %i waits at most %i ms, and that long only at the random end", (attempts, expectedMs) => {
    expect(fullJitterMs(attempts, bounds, always(almostOne))).toBe(expectedMs);
    expect(fullJitterMs(attempts, bounds, always(0))).toBe(0);
    expect(fullJitterMs(attempts, bounds, always(0.5))).toBe(expectedMs / 2);
  });

  test("is a whole number within its bounds, whatever it is given", () => {
    const anyUnit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer(), anyUnit, (attempts, unit) => {
        const delayMs = fullJitterMs(attempts, bounds, always(unit));
        expect(Number.isSafeInteger(delayMs) && delayMs >= 0 && delayMs <= bounds.delayMsMax).toBe(true);
      }),
    );
  });
});
