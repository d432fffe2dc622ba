import { describe, expect, test } from "vitest";
import type { BucketScope } from "../../../lib/engine/ports.ts";
import { SeededRandom, startMs } from "../../support/memory/clock.ts";
import { slidingScope } from "./support/scopes.ts";
import { percentile, VirtualWorld } from "./support/virtual-world.ts";

const minuteMs = 60_000;
const forMs = 20 * minuteMs;
const threeTiers = [slidingScope(15, 1_000), slidingScope(120, minuteMs), slidingScope(5_000, 60 * minuteMs)];

interface Seen {
  readonly quietWaitsMs: readonly number[];
  readonly floodSent: number;
}

/** A connection that needs some calls at once every 20 to 40 seconds, and workers of another that always want more. In the first minutes it is not known yet. */
function shareLimit(scopes: readonly BucketScope[], burst: number, floodWorkers: number): Seen {
  const world = new VirtualWorld(5);
  // Of its own, so that it needs the same calls at the same times in both worlds.
  const random = new SeededRandom(11);
  const quietWaitsMs: number[] = [];
  let floodSent = 0;
  const quiet = { scopes, weight: 1, want: 1, lane: "imports" as const, connectionId: "quiet" };
  const call = (sinceMs: number): void => {
    const verdict = world.reserve({ ...quiet, deadlineMs: world.nowMs + 3_000 });
    if (verdict.kind === "refused") world.at(verdict.sureAtMs, () => call(sinceMs));
    else if (sinceMs > startMs + 2 * minuteMs) quietWaitsMs.push((verdict.sendAtMs[0] ?? Number.NaN) - sinceMs);
  };
  const need = (): void => {
    const sinceMs = Math.ceil(world.nowMs);
    world.at(sinceMs, () => {
      for (let index = 0; index < burst; index += 1) call(sinceMs);
    });
    world.at(sinceMs + 20_000 + random.unit() * 20_000, need);
  };
  need();
  for (let worker = 0; worker < floodWorkers; worker += 1)
    world.flood({ ...quiet, want: 10, connectionId: "busy" }, () => (floodSent += 1));
  world.runUntil(startMs + forMs);
  return { quietWaitsMs, floodSent };
}

describe("a connection that floods a limit that it shares", () => {
  test.each([
    ["10/s", [slidingScope(10, 1_000)], 3],
    ["4/s", [slidingScope(4, 1_000)], 2],
    ["10/s and 300/min", [slidingScope(10, 1_000), slidingScope(300, minuteMs)], 3],
    ["15/s, 120/min and 5,000/h", threeTiers, 3],
    ["10/s, of which it alone wants more than an even part", [slidingScope(10, 1_000)], 13],
  ])("leaves a quiet one its place: %s", (_, scopes, burst) => {
    const alone = shareLimit(scopes, burst, 0);
    const flooded = shareLimit(scopes, burst, 8);
    const p99Alone = percentile(alone.quietWaitsMs, 0.99);
    const wanted = burst <= 3 ? 1.2 * p99Alone : p99Alone + 2 * 1_260;
    expect(percentile(flooded.quietWaitsMs, 0.99)).toBeLessThanOrEqual(wanted);
    expect(flooded.quietWaitsMs.length).toBe(alone.quietWaitsMs.length);
    // And has at least half of it for itself.
    const slowest = Math.min(
      ...scopes.map(({ rule }) => (rule.kind === "slidingWindow" ? rule.requests / (rule.perMs + 260) : 0)),
    );
    expect(flooded.floodSent).toBeGreaterThanOrEqual(0.5 * slowest * forMs);
  });

  test("has all of it while nobody else was seen lately, and again when the other is gone", () => {
    const scopes = [slidingScope(10, 1_000)];
    const world = new VirtualWorld(3);
    const dates: number[] = [];
    const quiet = { scopes, weight: 1, want: 3, lane: "imports" as const, connectionId: "quiet" };
    world.reserve({ ...quiet, deadlineMs: world.nowMs });
    for (let worker = 0; worker < 4; worker += 1)
      world.flood({ ...quiet, want: 10, connectionId: "busy" }, (dateMs) => dates.push(dateMs));
    world.runUntil(startMs + 15 * minuteMs);
    const sentIn = (fromMs: number, toMs: number) => dates.filter((dateMs) => dateMs >= fromMs && dateMs < toMs).length;
    const bound = (10 * minuteMs) / 1_260;
    expect(sentIn(startMs + minuteMs, startMs + 2 * minuteMs)).toBeLessThanOrEqual(0.85 * bound);
    expect(sentIn(startMs + 12 * minuteMs, startMs + 13 * minuteMs)).toBeGreaterThanOrEqual(0.97 * bound);
  });
});

describe("the webhooks' lane", () => {
  const scopes = [slidingScope(10, 1_000), slidingScope(300, minuteMs)];

  /** How long webhooks wait that come one or two at a time, while imports take whatever they may. */
  function webhookWaits(everyMs: number): { readonly waitsMs: number[]; readonly imports: number } {
    const world = new VirtualWorld(9);
    const waitsMs: number[] = [];
    let imports = 0;
    const ask = { scopes, weight: 1, want: 1, connectionId: "one" };
    const webhook = (): void => {
      const verdict = world.reserve({ ...ask, lane: "webhooks", deadlineMs: world.nowMs + 120_000 });
      if (verdict.kind === "granted") waitsMs.push((verdict.sendAtMs[0] ?? Number.NaN) - world.nowMs);
      world.at(world.nowMs + everyMs, webhook);
    };
    if (everyMs < forMs) world.at(startMs + 1, webhook);
    for (let worker = 0; worker < 8; worker += 1)
      world.flood({ ...ask, want: 10, lane: "imports" }, () => (imports += 1));
    world.runUntil(startMs + forMs);
    return { waitsMs, imports };
  }

  test("keeps its part of every limit while it is in use", () => {
    const { waitsMs } = webhookWaits(2_000);
    expect(percentile(waitsMs, 0.99)).toBeLessThanOrEqual(1);
  });

  test("leaves all of it to imports while it is not", () => {
    const bound = (300 * forMs) / (minuteMs + 260);
    expect(webhookWaits(Infinity).imports).toBeGreaterThanOrEqual(0.99 * bound);
  });
});
