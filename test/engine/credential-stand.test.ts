import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { credentialGiven, lookedAt, noticeMs, warningOf } from "../../lib/engine/credential-stand.ts";

const dayMs = 86_400_000;
const nowMs = 1_790_000_000_000;
const key = { kind: "header" } as const;

describe("a credential", () => {
  test.each([
    [0, null, null],
    [364 * dayMs, null, null],
    [365 * dayMs, null, "old"],
    [0, noticeMs + 1, null],
    [0, noticeMs, "expires-soon"],
    [400 * dayMs, noticeMs, "expires-soon"],
    [0, 1, "expires-soon"],
    [0, 0, "expired"],
    [0, -dayMs, "expired"],
  ])("given %d ms ago that ends in %j ms: %j", (agoMs, leftMs, warning) => {
    const stand = { storedAtMs: nowMs - agoMs, expiresAtMs: leftMs === null ? null : nowMs + leftMs };
    expect(warningOf(stand, key, nowMs)).toBe(warning);
  });

  test("that refreshes itself does not grow old, and may end", () => {
    const auth = { kind: "authorization-code" } as const;
    const storedAtMs = nowMs - 1_000 * dayMs;
    expect(warningOf({ storedAtMs, expiresAtMs: null }, auth, nowMs)).toBeNull();
    expect(warningOf({ storedAtMs, expiresAtMs: nowMs }, auth, nowMs)).toBe("expired");
  });

  test("is looked at when its next warning falls due and never before, and not more than once a day", () => {
    const left = fc.option(fc.integer({ min: -30, max: 800 }), { nil: null });
    fc.assert(
      fc.property(left, fc.integer({ min: 0, max: 1_000 }), (leftDays, waitedDays) => {
        const given = credentialGiven(leftDays === null ? null : nowMs + leftDays * dayMs, nowMs);
        const atMs = nowMs + waitedDays * dayMs;
        const { nextLookMs } = lookedAt(given, atMs);
        const before = warningOf(given, key, atMs);
        expect(nextLookMs).toBeGreaterThan(atMs);
        // Nothing becomes known between two looks.
        expect(warningOf(given, key, nextLookMs - 1)).toSatisfy(
          (late) => late === before || (before === "expires-soon" && late === "expired"),
        );
        if (before !== null) expect(nextLookMs).toBeGreaterThanOrEqual(atMs + (before === "old" ? 0 : dayMs));
      }),
    );
  });
});
