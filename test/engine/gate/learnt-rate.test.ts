import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { learn, startLearnt } from "../../../lib/engine/gate/learnt-rate.ts";
import type { LearntRate, LearntRule } from "../../../lib/engine/gate/learnt-rate.ts";
import { judgeOf } from "../../support/judges/judge.ts";
import type { Judge } from "../../support/judges/judge.ts";
import { slidingWindowMeter } from "../../support/judges/sliding-window.ts";
import { runClosedLoop } from "./support/closed-loop.ts";

const rule: LearntRule = { kind: "learnt", startPerSecond: 4, minPerSecond: 0.5, maxPerSecond: 100 };
const refused = (sentAtMs: number) => ({ sentAtMs, accepted: 0, refused: 1 });
const taken = (sentAtMs: number, accepted: number) => ({ sentAtMs, accepted, refused: 0 });

describe("learn", () => {
  test("a refusal cuts to 85 %", () => {
    const rate = learn(startLearnt(rule, 0), rule, refused(900), 1_000);
    expect(rate.perSecond).toBeCloseTo(3.4);
    expect(rate.ceilingPerSecond).toBe(4);
  });

  test("a burst of refusals is one cut; one sent after the cut is another", () => {
    let rate = startLearnt(rule, 0);
    for (let call = 0; call < 50; call += 1) rate = learn(rate, rule, refused(900 + call), 1_000 + call);
    expect(rate.perSecond).toBeCloseTo(3.4);
    rate = learn(rate, rule, refused(1_500), 1_600);
    expect(rate.perSecond).toBeCloseTo(3.4 * 0.85);
  });

  test("calls that are taken raise it when the allowance is used", () => {
    const rate = learn(startLearnt(rule, 0), rule, taken(0, 20), 5_000);
    expect(rate.perSecond).toBeCloseTo(4 * 1.01);
    expect(rate).toMatchObject({ sinceMs: 5_000, used: 0 });
  });

  test("little use raises nothing, however long it goes on", () => {
    let rate = startLearnt(rule, 0);
    for (let call = 1; call <= 1_000; call += 1) rate = learn(rate, rule, taken(call * 500, 1), call * 500);
    expect(rate.perSecond).toBe(4);
  });

  test("a pause is no use: what comes after it does not count for it", () => {
    const rate = learn(startLearnt(rule, 0), rule, taken(3_600_000, 10), 3_600_000);
    expect(rate).toMatchObject({ perSecond: 4, sinceMs: 3_600_000, used: 0 });
  });
});

const outcome = fc.record({
  afterMs: fc.integer({ min: -250, max: 20_000 }),
  flightMs: fc.integer({ min: 0, max: 20_000 }),
  accepted: fc.nat(500),
  refused: fc.oneof(fc.constant(0), fc.nat(20)),
});
const anyRule = fc
  .tuple(
    fc.double({ min: 0.01, max: 1_000, noNaN: true }),
    fc.double({ min: 1, max: 1_000, noNaN: true }),
    fc.double({ min: 0.001, max: 2_000, noNaN: true }),
  )
  .map(([minPerSecond, times, startPerSecond]): LearntRule => ({
    kind: "learnt",
    startPerSecond,
    minPerSecond,
    maxPerSecond: minPerSecond * times,
  }));

/** Each step of a history of answers: the state before, the answers, the state after. */
function walk(
  given: LearntRule,
  outcomes: readonly { afterMs: number; flightMs: number; accepted: number; refused: number }[],
  look: (before: LearntRate, step: { refused: number; sentAtMs: number; nowMs: number }, after: LearntRate) => void,
): void {
  let nowMs = 1_000_000;
  let rate = startLearnt(given, nowMs);
  for (const { afterMs, flightMs, accepted, refused } of outcomes) {
    nowMs += afterMs;
    const sentAtMs = nowMs - flightMs;
    const after = learn(rate, given, { sentAtMs, accepted, refused }, nowMs);
    look(rate, { refused, sentAtMs, nowMs }, after);
    rate = after;
  }
}

describe("whatever the answers and their order", () => {
  const history = fc.array(outcome, { maxLength: 60 });

  test("the rate is a number between its bounds, and survives being stored", () => {
    fc.assert(
      fc.property(anyRule, history, (given, outcomes) => {
        walk(given, outcomes, (_before, _step, after) => {
          expect(after.perSecond).toBeGreaterThanOrEqual(given.minPerSecond);
          expect(after.perSecond).toBeLessThanOrEqual(given.maxPerSecond);
          expect(JSON.parse(JSON.stringify(after))).toEqual(after);
        });
      }),
    );
  });

  test("a refusal never raises, and cuts by no more than 15 %", () => {
    fc.assert(
      fc.property(anyRule, history, (given, outcomes) => {
        walk(given, outcomes, (before, step, after) => {
          if (step.refused === 0) return;
          expect(after.perSecond).toBeLessThanOrEqual(before.perSecond);
          expect(after.perSecond).toBeGreaterThanOrEqual(before.perSecond * 0.85 * (1 - 1e-9));
        });
      }),
    );
  });

  test("no call cuts that was sent before the last cut", () => {
    fc.assert(
      fc.property(anyRule, history, (given, outcomes) => {
        let cutAtMs = -Infinity;
        walk(given, outcomes, (before, step, after) => {
          if (after.perSecond >= before.perSecond) return;
          expect(step.sentAtMs).toBeGreaterThan(cutAtMs);
          cutAtMs = Math.max(cutAtMs, step.nowMs);
        });
      }),
    );
  });

  test("it rises by no more than 1 % of the ceiling a second", () => {
    fc.assert(
      fc.property(anyRule, history, (given, outcomes) => {
        let raisedAtMs = -Infinity;
        walk(given, outcomes, (before, step, after) => {
          if (after.perSecond <= before.perSecond) return;
          expect(after.perSecond - before.perSecond).toBeLessThanOrEqual(before.ceilingPerSecond * 0.01 * (1 + 1e-9));
          expect(step.nowMs - raisedAtMs).toBeGreaterThanOrEqual(1_000);
          raisedAtMs = step.nowMs;
        });
      }),
    );
  });
});

/** A small generator of our own, so that a run is the same everywhere. */
function unitOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const minuteMs = 60_000;
const hidden = [
  { requests: 1, perMs: 1_000 },
  { requests: 10, perMs: 1_000 },
  { requests: 50, perMs: 1_000 },
  { requests: 120, perMs: minuteMs },
  { requests: 600, perMs: minuteMs },
];

describe("against a strict partner that tells nobody its limit", () => {
  const cases = hidden.flatMap((limit) => [1, 2, 3].map((seed) => ({ ...limit, seed })));

  test.each(cases)("finds $requests in $perMs ms (seed $seed)", ({ requests, perMs, seed }) => {
    const hiddenPerSecond = (requests * 1000) / perMs;
    const judge = judgeOf([slidingWindowMeter("hidden", { requests, perMs })]);
    const found = runClosedLoop({
      rule,
      judge,
      hiddenPerSecond,
      forMs: 120 * minuteMs,
      countedFromMs: 60 * minuteMs,
      unit: unitOf(seed),
    });
    expect(found.use).toBeGreaterThan(0.8);
    expect(found.refusedShare).toBeLessThan(0.02);
  });

  test("follows a limit that falls to a quarter, and one that comes back", () => {
    const strict = (requests: number): Judge => judgeOf([slidingWindowMeter("hidden", { requests, perMs: 1_000 })]);
    const run = (before: number, after: number) => {
      const [first, then] = [strict(before), strict(after)];
      const judge: Judge = {
        arrive: (call) => (call.atMs < 60 * minuteMs ? first : then).arrive(call),
        leave: () => undefined,
        violations: () => [],
      };
      const times = { forMs: 150 * minuteMs, countedFromMs: 90 * minuteMs };
      return runClosedLoop({ rule, judge, hiddenPerSecond: after, ...times, unit: unitOf(4) });
    };
    for (const found of [run(20, 5), run(5, 20)]) {
      expect(found.use).toBeGreaterThan(0.8);
      expect(found.refusedShare).toBeLessThan(0.02);
    }
  });

  test("finds within three quarters of an hour what is fifty times as much as it began with", () => {
    const judge = judgeOf([slidingWindowMeter("hidden", { requests: 50, perMs: 1_000 })]);
    const slow: LearntRule = { ...rule, startPerSecond: 1 };
    const times = { forMs: 60 * minuteMs, countedFromMs: 45 * minuteMs };
    expect(runClosedLoop({ rule: slow, judge, hiddenPerSecond: 50, ...times, unit: unitOf(6) }).use).toBeGreaterThan(
      0.8,
    );
  });

  test("sends no faster for having sent little", () => {
    const judge = judgeOf([slidingWindowMeter("hidden", { requests: 50, perMs: 1_000 })]);
    const quiet = runClosedLoop({
      rule,
      judge,
      hiddenPerSecond: 50,
      forMs: 60 * minuteMs,
      countedFromMs: 0,
      unit: unitOf(5),
      load: 0.5,
    });
    expect(quiet.rate.perSecond).toBe(rule.startPerSecond);
    expect(quiet.refusedShare).toBe(0);
  });
});
