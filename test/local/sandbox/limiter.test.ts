import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Limiter, type LimitRule } from "../../../lib/local/sandbox/limiter.ts";

const perSecond = (limit: number, scope = "endpoint"): LimitRule => ({
  kind: "rate",
  scope,
  limit,
  windowMs: 1_000,
  reason: scope,
});

function admitted(limiter: Limiter, rules: readonly LimitRule[], atMs: number): boolean {
  return limiter.judge(rules, atMs).kind === "admitted";
}

describe("a sliding window", () => {
  test("takes its limit and not one more", () => {
    const limiter = new Limiter();
    const answers = Array.from({ length: 27 }, (_, index) => admitted(limiter, [perSecond(25)], index));
    expect(answers.filter(Boolean)).toHaveLength(25);
    expect(answers.slice(25)).toEqual([false, false]);
  });

  test("is left after its whole length, not a ten-thousandth of a millisecond before", () => {
    const limiter = new Limiter();
    for (let count = 0; count < 25; count += 1) limiter.judge([perSecond(25)], 5_000);
    expect(admitted(limiter, [perSecond(25)], 5_999.9999)).toBe(false);
    expect(admitted(limiter, [perSecond(25)], 6_000)).toBe(true);
  });

  test("does not start afresh on the second, as a fixed one would", () => {
    const limiter = new Limiter();
    for (let count = 0; count < 25; count += 1) limiter.judge([perSecond(25)], 5_900);
    expect(admitted(limiter, [perSecond(25)], 6_100)).toBe(false);
  });

  test("counts refused arrivals in what it reports and not in what it holds", () => {
    const limiter = new Limiter();
    limiter.judge([perSecond(1)], 0);
    limiter.judge([perSecond(1)], 500);
    const third = limiter.judge([perSecond(1)], 900);
    expect(third.kind === "refused" && third.refusals[0].count).toBe(3);
    expect(admitted(limiter, [perSecond(1)], 1_000)).toBe(true);
  });

  test("an arrival that one scope refuses burns nothing of the other", () => {
    const limiter = new Limiter();
    const rules = [perSecond(3, "account"), perSecond(1, "endpoint a")];
    for (let count = 0; count < 5; count += 1) limiter.judge(rules, 0);
    const others = [perSecond(3, "account"), perSecond(9, "endpoint b")];
    expect([1, 2, 3].map(() => admitted(limiter, others, 1))).toEqual([true, true, false]);
  });

  test("never holds more than its limit, whatever arrives", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 400, noNaN: true }), { maxLength: 120 }),
        fc.integer({ min: 1, max: 8 }),
        (gapsMs, limit) => {
          const limiter = new Limiter();
          const admittedAtMs: number[] = [];
          let nowMs = 0;
          for (const gapMs of gapsMs) {
            nowMs += gapMs;
            const inWindow = admittedAtMs.filter((atMs) => nowMs - atMs < 1_000).length;
            const taken = admitted(limiter, [perSecond(limit)], nowMs);
            expect(taken).toBe(inWindow < limit);
            if (taken) admittedAtMs.push(nowMs);
          }
        },
      ),
    );
  });
});

describe("a limit on how many at once", () => {
  const atOnce: LimitRule = { kind: "concurrency", scope: "account", limit: 2, reason: "global-concurrency" };

  test("is freed by each end once", () => {
    const limiter = new Limiter();
    const first = limiter.judge([atOnce], 0);
    limiter.judge([atOnce], 0);
    expect(admitted(limiter, [atOnce], 0)).toBe(false);
    if (first.kind === "admitted") {
      first.release();
      first.release();
    }
    expect([1, 2].map(() => admitted(limiter, [atOnce], 0))).toEqual([true, false]);
  });
});
