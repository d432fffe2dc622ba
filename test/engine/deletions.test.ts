import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isExpected, judgeMissing, seenBits, SeenSet } from "../../lib/engine/deletions.ts";

describe("what a pass missed", () => {
  test.each([
    ["nothing", { expected: 100, missing: 0, fetched: 100 }, "none"],
    ["nothing of nothing", { expected: 0, missing: 0, fetched: 0 }, "none"],
    ["a fifth", { expected: 100, missing: 20, fetched: 80 }, "confirm"],
    ["more than a fifth", { expected: 100, missing: 21, fetched: 79 }, "hold"],
    ["most of few", { expected: 10, missing: 9, fetched: 1 }, "confirm"],
    ["more than a fifth of more than few", { expected: 11, missing: 3, fetched: 8 }, "hold"],
    ["everything, as it saw nothing", { expected: 3, missing: 3, fetched: 0 }, "hold"],
  ])("%s", (_name, missing, verdict) => {
    expect(judgeMissing(missing)).toBe(verdict);
  });

  test("is only what was alive, and written before the pass began by any of our clocks", () => {
    expect(isExpected({ deleted: false, writtenAtMs: 1_000 }, 2_001)).toBe(true);
    expect(isExpected({ deleted: false, writtenAtMs: 1_000 }, 2_000)).toBe(false);
    expect(isExpected({ deleted: true, writtenAtMs: 1_000 }, 9_000)).toBe(false);
  });
});

describe("what was seen", () => {
  test("is what was added, in whatever order and number", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 2 ** 32 - 1 })), fc.array(fc.nat({ max: 50 })), (added, asked) => {
        const seen = new SeenSet(1);
        const all = new Set(added);
        for (const bits of added) seen.add(bits);
        for (const bits of [...added, ...asked]) expect(seen.has(bits)).toBe(all.has(bits));
      }),
    );
  });

  test("has other bits in another run, so that two things that share them once are told apart the next time", () => {
    expect(seenBits("run-1", "thing")).toBe(seenBits("run-1", "thing"));
    expect(seenBits("run-1", "thing")).not.toBe(seenBits("run-2", "thing"));
  });
});
