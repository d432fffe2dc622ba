import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { beginProbe, breakerWaitMs, closedBreaker, countCalls, endProbe } from "../../../lib/engine/breaker.ts";
import type { BreakerState } from "../../../lib/engine/breaker.ts";
import { Begin, Count, End, Pass, rule } from "./breaker-commands.ts";
import type { Shared } from "./breaker-commands.ts";

const t0 = 1_772_366_400_000;

function opened(times = 1, atMs = t0): BreakerState {
  return { kind: "open", opened: times, sinceMs: atMs, untilMs: atMs + 30_000 };
}

describe("closed", () => {
  test("it opens at the ratio, once there are enough calls in the last minute", () => {
    const few = countCalls(closedBreaker, { calls: 9, failures: 9 }, t0, rule, 0);
    expect(few.kind).toBe("closed");
    expect(countCalls(few, { calls: 1, failures: 0 }, t0 + 20_000, rule, 0).kind).toBe("open");
    // A minute later the nine say nothing any more.
    expect(countCalls(few, { calls: 1, failures: 1 }, t0 + 60_000, rule, 0).kind).toBe("closed");
    expect(countCalls(closedBreaker, { calls: 100, failures: 49 }, t0, rule, 0).kind).toBe("closed");
    expect(countCalls(closedBreaker, { calls: 100, failures: 50 }, t0, rule, 0).kind).toBe("open");
  });

  test("it stays small, whatever is counted", () => {
    let state = closedBreaker;
    for (let index = 0; index < 1_000; index++)
      state = countCalls(state, { calls: 1, failures: 0 }, t0 + index * 3_000, rule, 0);
    expect(state.kind === "closed" && state.windows.length).toBe(rule.windows);
  });

  test("opening again soon lasts twice as long each time, up to the longest; after a calm it begins anew", () => {
    const waits: number[] = [];
    let atMs = t0;
    let before: { opened: number; closedAtMs: number } | null = null;
    for (let round = 0; round < 8; round++) {
      const state = countCalls({ kind: "closed", windows: [], before }, { calls: 10, failures: 10 }, atMs, rule, 0.999);
      if (state.kind !== "open") throw new Error("it opens");
      waits.push(Math.round((state.untilMs - atMs) / 1_000));
      before = { opened: state.opened, closedAtMs: state.untilMs };
      atMs = state.untilMs + 1_000;
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 900, 900, 900]);
    const calm = countCalls(
      { kind: "closed", windows: [], before },
      { calls: 10, failures: 10 },
      atMs + 600_000,
      rule,
      0,
    );
    expect(calm).toMatchObject({ kind: "open", opened: 1 });
  });
});

describe("open", () => {
  test("calls that were on their way change nothing, and are worth no write", () => {
    const state = opened();
    expect(countCalls(state, { calls: 50, failures: 0 }, t0 + 1, rule, 0)).toBe(state);
  });

  test("waits half of its time at least, and whoever waits is told a time to come", () => {
    const state = countCalls(closedBreaker, { calls: 10, failures: 10 }, t0, rule, 0);
    expect(breakerWaitMs(state, t0)).toBe(t0 + 15_000);
    expect(breakerWaitMs(state, t0 + 500_000)).toBeGreaterThan(t0 + 500_000);
    expect(breakerWaitMs(closedBreaker, t0)).toBeNull();
  });
});

describe("a probe", () => {
  test("that answers late, when its period is over, decides nothing", () => {
    const begun = beginProbe(opened(), t0 + 30_000, rule);
    if (begun.kind !== "probe") throw new Error("its time has come");
    expect(endProbe(begun.state, "passed", t0 + 90_000, rule, 0)).toBe(begun.state);
    expect(endProbe(opened(), "passed", t0, rule, 0)).toEqual(opened());
  });

  test("is not asked for while the breaker is closed", () => {
    expect(beginProbe(closedBreaker, t0, rule)).toEqual({ kind: "closed" });
  });
});

const commands = fc.commands(
  [
    fc.tuple(fc.nat(60), fc.nat(60)).map(([calls, failures]) => new Count(calls, failures)),
    fc.constant(new Begin()),
    fc.constantFrom("passed" as const, "failed" as const).map((outcome) => new End(outcome)),
    fc.integer({ min: 1, max: 200_000 }).map((byMs) => new Pass(byMs)),
  ],
  { maxCommands: 80 },
);

test("whatever workers do and whenever: probes stay bounded, and every wait ends", () => {
  fc.assert(
    fc.property(commands, fc.double({ min: 0, max: 0.999, noNaN: true }), (all, jitter) => {
      const shared: Shared = { state: closedBreaker, nowMs: t0, jitter, admitted: new Map() };
      fc.modelRun(() => ({ model: {}, real: shared }), all);
      // From wherever it was left, a partner that answers closes it: with waiting alone, and no more probes than a period has.
      for (let probes = 0; shared.state.kind !== "closed"; probes++) {
        expect(probes).toBeLessThanOrEqual(rule.probesMax * 2);
        const waitMs = breakerWaitMs(shared.state, shared.nowMs) ?? shared.nowMs;
        expect(waitMs - shared.nowMs).toBeLessThanOrEqual(rule.openMsMax);
        shared.nowMs = waitMs;
        for (let probe = 0; probe < rule.probesMax; probe++) {
          const verdict = beginProbe(shared.state, shared.nowMs, rule);
          if (verdict.kind === "probe") shared.state = endProbe(verdict.state, "passed", shared.nowMs, rule, jitter);
        }
      }
    }),
    { numRuns: 500 },
  );
});
