import { describe, expect, test } from "vitest";
import { CallTallies } from "../../../lib/engine/call-tallies.ts";
import { atRest, changed, holdOf, isAtRest, laneAgeMs, withCanary } from "../../../lib/engine/control.ts";

const t0 = 1_772_366_400_000;
const wish = { sinceMs: t0, by: "ada", reason: "their maintenance" };
const rest = atRest("acme", null);

describe("what holds calls back", () => {
  test("is a pause, or a breaker that is not closed, and nothing else", () => {
    expect(holdOf(rest, t0)).toBeNull();
    expect(holdOf(changed(rest, { schedules: wish }), t0)).toBeNull();
    expect(holdOf(changed(rest, { pause: wish }), t0)).toMatchObject({ scope: "partner", reason: "paused" });
    const breaker = { kind: "open", opened: 1, sinceMs: t0, untilMs: t0 + 30_000 } as const;
    const own = changed(atRest("acme", "acme_1"), { breaker });
    expect(holdOf(own, t0)).toEqual({ scope: "connection", reason: "breaker", untilMs: t0 + 30_000 });
    // A person's word stands over the breaker's.
    expect(holdOf(changed(own, { pause: wish }), t0)).toMatchObject({ reason: "paused" });
  });

  test("a connection whose calls were only counted is at rest", () => {
    const windows = [{ fromMs: t0, calls: 3, failures: 1 }];
    expect(isAtRest(changed(rest, { breaker: { kind: "closed", windows, before: null } }))).toBe(true);
    expect(isAtRest(changed(rest, { pause: wish }))).toBe(false);
  });
});

describe("a lane's age", () => {
  const noted = withCanary(rest, { lane: "imports", sentAtMs: t0, consumedAtMs: t0 + 5_000 });

  test("is unknown before its first canary", () => {
    expect(laneAgeMs(rest, "imports", t0)).toBeNull();
    expect(laneAgeMs(noted, "webhooks", t0)).toBeNull();
  });

  test("is what the last canary waited, and then what the next one has waited so far", () => {
    expect(laneAgeMs(noted, "imports", t0 + 5_000)).toBe(5_000);
    expect(laneAgeMs(noted, "imports", t0 + 60_000)).toBe(5_000);
    expect(laneAgeMs(noted, "imports", t0 + 3_660_000)).toBe(3_600_000);
  });

  test("an older canary that comes late, or twice, changes nothing", () => {
    expect(withCanary(noted, { lane: "imports", sentAtMs: t0, consumedAtMs: t0 + 90_000 })).toBe(noted);
    expect(withCanary(noted, { lane: "imports", sentAtMs: t0 - 1, consumedAtMs: t0 + 90_000 })).toBe(noted);
  });
});

describe("what a worker tells of its calls", () => {
  test("is nothing while all goes well", () => {
    const tallies = new CallTallies();
    for (let index = 0; index < 10_000; index++) expect(tallies.add("acme", false, t0 + index * 10)).toBeNull();
  });

  test("is the first failure at once with the minute's successes, and then four times a minute at most", () => {
    const tallies = new CallTallies();
    for (let index = 0; index < 20; index++) tallies.add("acme", false, t0 + index);
    expect(tallies.add("acme", true, t0 + 100)).toEqual({ calls: 21, failures: 1 });
    let told = 0;
    for (let ms = 0; ms < 60_000; ms += 500) if (tallies.add("acme", ms % 5_000 === 0, t0 + 200 + ms) !== null) told++;
    expect(told).toBeGreaterThanOrEqual(2);
    expect(told).toBeLessThanOrEqual(4);
  });

  test("hurries when its own calls would open the breaker", () => {
    const tallies = new CallTallies();
    expect(tallies.add("acme", true, t0)).toEqual({ calls: 1, failures: 1 });
    for (let index = 0; index < 19; index++) expect(tallies.add("acme", true, t0 + 10)).toBeNull();
    expect(tallies.add("acme", true, t0 + 10)).toEqual({ calls: 20, failures: 20 });
    for (let index = 0; index < 100; index++) expect(tallies.add("acme", true, t0 + 20)).toBeNull();
  });

  test("forgets successes of long ago, and counts on what could not be told", () => {
    const tallies = new CallTallies();
    for (let index = 0; index < 100; index++) tallies.add("acme", false, t0);
    const told = tallies.add("acme", true, t0 + 61_000);
    expect(told).toEqual({ calls: 1, failures: 1 });
    tallies.putBack("acme", { calls: 1, failures: 1 }, t0 + 61_000);
    expect(tallies.add("acme", false, t0 + 76_000)).toEqual({ calls: 2, failures: 1 });
  });

  test("keeps connections apart", () => {
    const tallies = new CallTallies();
    tallies.add("acme#1", true, t0);
    expect(tallies.add("acme#2", false, t0)).toBeNull();
  });
});
