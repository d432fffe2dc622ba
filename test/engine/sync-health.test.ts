import { describe, expect, test } from "vitest";
import type { ResourceState } from "../../lib/engine/ports.ts";
import { noProgress } from "../../lib/engine/run.ts";
import type { Run } from "../../lib/engine/run.ts";
import { afterRun, alertsOf, isLate } from "../../lib/engine/sync-health.ts";
import { makeRun } from "../flows/api/support/seed.ts";

const minuteMs = 60_000;
const dayMs = 86_400_000;

const fresh: ResourceState = {
  partner: "acme",
  connectionId: "acme_1",
  resource: "orders",
  nextDueMs: 0,
  activeRunId: null,
  watermarkMs: null,
  fullPassAtMs: null,
  succeededAtMs: null,
  lastError: null,
  revision: 1,
};

let runs = 0;
function runOf(fetched: number, changes: Partial<Run> = {}): Run {
  runs += 1;
  return makeRun("acme_1", { runId: `orders-${runs}`, progress: { ...noProgress, fetched }, ...changes });
}

/** The state after runs that ended one after the other. */
function after(everyMs: number, ended: readonly (readonly [Run, "done" | "failed"])[]): ResourceState {
  let state = fresh;
  for (const [run, outcome] of ended) state = Object.assign({}, state, afterRun(state, run, outcome, 5, everyMs));
  return state;
}

describe("an import is late", () => {
  const every = 10 * minuteMs;
  test.each([
    [35 * minuteMs, false],
    [35 * minuteMs + 1, true],
  ])("when its last success is twice its interval and a quarter of an hour ago: %d ms", (agoMs, late) => {
    expect(isLate({ nextDueMs: 0, succeededAtMs: 1_000 }, every, null, 1_000 + agoMs)).toBe(late);
    expect(isLate({ nextDueMs: 0, succeededAtMs: null }, every, 1_000, 1_000 + agoMs)).toBe(late);
  });

  test("never when it is on no schedule, or nobody knows since when it should have run", () => {
    expect(isLate({ nextDueMs: null, succeededAtMs: 0 }, every, 0, dayMs)).toBe(false);
    expect(isLate({ nextDueMs: 0, succeededAtMs: null }, every, null, dayMs)).toBe(false);
  });
});

describe("failures in a row", () => {
  test("ring from the third on, and are forgotten with a success", () => {
    const failed = (count: number) => Array.from({ length: count }, () => [runOf(0), "failed"] as const);
    expect(alertsOf(after(0, failed(2)))).toEqual([]);
    expect(alertsOf(after(0, failed(3)))).toEqual(["failing"]);
    expect(alertsOf(after(0, failed(4)))).toEqual(["failing"]);
    expect(alertsOf(after(0, [...failed(2), [runOf(1), "done"], ...failed(2)]))).toEqual([]);
  });

  test("are counted once a run, however often its end is told", () => {
    const run = runOf(0);
    const once = after(0, [[run, "failed"]]);
    expect(afterRun(once, run, "failed", 9, 0)).toEqual({});
  });
});

describe("the volume of full passes", () => {
  test.each([
    [100, 199, []],
    [100, 200, ["volume-doubled"]],
    [100, 51, []],
    [100, 50, ["volume-halved"]],
    [100, 0, ["volume-halved"]],
    [9, 19, []],
    [9, 20, ["volume-doubled"]],
    [0, 20, ["volume-doubled"]],
    [0, 0, []],
  ])("from %d to %d: %j", (before, now, alerts) => {
    expect(
      alertsOf(
        after(dayMs, [
          [runOf(before), "done"],
          [runOf(now), "done"],
        ]),
      ),
    ).toEqual(alerts);
  });

  test("is compared with the last pass that ended well and began once", () => {
    const state = after(dayMs, [
      [runOf(100), "done"],
      [runOf(10), "failed"],
      [runOf(300, { progress: { ...noProgress, fetched: 300, restarts: 1 } }), "done"],
      [runOf(5, { mode: "incremental" }), "done"],
      [runOf(110), "done"],
    ]);
    expect([alertsOf(state), state.volumes?.full]).toEqual([[], 110]);
  });

  test("is of no meaning for changes of a few minutes, and is for those of a day", () => {
    const changes = (fetched: number) => [runOf(fetched, { mode: "incremental" }), "done"] as const;
    expect(alertsOf(after(5 * minuteMs, [changes(100), changes(1)]))).toEqual([]);
    expect(alertsOf(after(dayMs, [changes(100), changes(1)]))).toEqual(["volume-halved"]);
  });
});

test("the last run is remembered with what it came to and how long it took", () => {
  const progress = { ...noProgress, fetched: 9, created: 1, updated: 2, deleted: 3, unchanged: 2, parked: 1 };
  const run = runOf(9, { progress, startedAtMs: 1_000 });
  expect(afterRun(fresh, run, "done", 4_500, dayMs).lastRun).toEqual({
    runId: run.runId,
    mode: "full",
    outcome: "done",
    endedAtMs: 4_500,
    durationMs: 3_500,
    fetched: 9,
    created: 1,
    updated: 2,
    deleted: 3,
    unchanged: 2,
    parked: 1,
    volume: "usual",
  });
});
