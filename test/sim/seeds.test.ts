import { describe, expect, test } from "vitest";
import { commit } from "./kernel/commit.ts";
import { Coverage } from "./kernel/coverage.ts";
import { simulate } from "./simulate.ts";

const seeds = 50;

describe("the simulated world", () => {
  test("the same seed is the same world, event for event", async () => {
    const [first, second, other] = [await simulate(2), await simulate(2), await simulate(3)];
    expect(second.digest).toBe(first.digest);
    expect(second.events).toBe(first.events);
    expect(other.digest).not.toBe(first.digest);
  });

  test(
    `${seeds} seeds break no promise, and the faults that are to be survived do happen`,
    { timeout: 900_000 },
    async () => {
      const coverage = new Coverage();
      for (let seed = 1; seed <= seeds; seed++) {
        const result = await simulate(seed);
        coverage.add(result.coverage);
        const { failure } = result;
        if (failure !== null)
          expect.fail(
            `seed ${seed} at ${commit()} (npm run sim -- --seed ${seed}): ${failure.message}\n${failure.trace}`,
          );
      }
      const seldom = Object.entries(atLeast).filter(([what, times]) => coverage.of(what) < times);
      expect(seldom.map(([what, times]) => `${what}: ${coverage.of(what)} times, and not ${times}`)).toEqual([]);
    },
  );
});

/** A simulation in which these stop happening has stopped to prove anything. */
const atLeast: Readonly<Record<string, number>> = {
  "arrival within the uncertainty": 20_000,
  "arrival beyond the uncertainty": 5,
  "webhook accepted": 2_000,
  "webhook never sent": 100,
  "webhook sent twice": 200,
  "webhook not taken": 20,
  "checkpoint moved": 2_000,
  "record created": 1_000,
  "record updated": 1_000,
  "record deleted": 200,
  "fault: dieBefore": 30,
  "fault: dieAfter": 30,
  "fault: throttled": 50,
  "fault: failedBefore": 30,
  "fault: failedAfter": 30,
  "fault: happensLater": 30,
  "fault: triedTwice": 30,
  "worker died": 100,
  "worker timed out": 3,
  overslept: 100,
  "request lost": 50,
  "answer lost": 50,
  "outage: errors": 50,
  "outage: hangs": 50,
  "refused without a reason": 20,
  "run superseded": 20,
  "metric RunsNudgedAgain": 20,
  "metric JobsDeferred limit": 1_000,
  "metric TokensAbandoned": 50,
  "message came again": 200,
  "message delivered twice": 100,
  "message overtook others": 500,
  "deletion lost": 20,
  "schedule fired twice": 100,
  "stale index": 20,
  "stream batch came again": 5,
  "change published again": 5,
  "failure replayed": 5,
  "breaker of partner open": 20,
  "breaker of partner closed": 10,
  "mapping disabled": 20,
  "page lost": 50,
  "empty last page": 30,
  "digests lag": 15,
  "deletion brought by a run": 150,
  "failure: deletions-held": 15,
  "most of an account's things deleted at once": 3,
  "order advanced": 40,
  "event told again": 20,
  "refused by a hidden limit": 30,
  "recover purge-and-refresh": 5,
  "recover purge-and-refresh of a resource": 2,
  "recover pause": 2,
  "recover pause of a resource": 2,
  "recover drain": 2,
  "recover drain of a resource": 3,
  "partner drained": 3,
  "webhook too large for its message": 50,
};
