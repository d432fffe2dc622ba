import { describe, expect, test } from "vitest";
import { emptyGateItem } from "../../../lib/engine/gate/gate-item.ts";
import { noHints } from "../../../lib/engine/gate/no-hints.ts";
import { reserveDated } from "../../../lib/engine/gate/reserve-dated.ts";
import type { GateItemsByKey } from "../../../lib/engine/gate/reserve-dated.ts";
import { settleDated } from "../../../lib/engine/gate/settle-dated.ts";
import type { Outcome } from "../../../lib/engine/gate/settle-dated.ts";
import type { BucketScope } from "../../../lib/engine/ports.ts";
import { startMs } from "../../support/memory/clock.ts";
import { scopeOf, slidingScope } from "./support/scopes.ts";

const account = slidingScope(10, 1_000, { per: "account" });
const charges = slidingScope(5, 1_000, { bucket: "GET /charges", per: "endpoint" });
const customers = slidingScope(5, 1_000, { bucket: "GET /customers", per: "endpoint" });

class Stored {
  items: GateItemsByKey = new Map();

  take(scopes: readonly BucketScope[], want: number, nowMs = startMs, weight = 1): readonly number[] {
    const ask = { scopes, weight, want, lane: "imports" as const, connectionId: "one", deadlineMs: nowMs + 90_000 };
    const verdict = reserveDated(this.items, ask, nowMs);
    if (verdict.kind === "refused") return [];
    this.items = new Map([...this.items, ...verdict.items]);
    return verdict.sendAtMs;
  }

  /** Whether anything was worth a write. */
  settle(outcome: Partial<Outcome> & Pick<Outcome, "scopes">, dates: readonly number[] = [], nowMs = startMs): boolean {
    const whole = { connectionId: "one", sent: 1, unused: 0, kinds: [], hints: noHints, ...outcome };
    const changed = settleDated(this.items, { weight: 1, dates }, whole, nowMs);
    this.items = new Map([...this.items, ...changed]);
    return changed.size > 0;
  }

  earliest(scopes: readonly BucketScope[], nowMs = startMs): number {
    return reserveWithout(this.items, scopes, nowMs);
  }
}

function reserveWithout(items: GateItemsByKey, scopes: readonly BucketScope[], nowMs: number): number {
  const ask = { scopes, weight: 1, want: 1, lane: "imports" as const, connectionId: "one", deadlineMs: 0 };
  const verdict = reserveDated(items, ask, nowMs);
  return verdict.kind === "refused" ? verdict.sureAtMs : Number.NaN;
}

describe("a partner's wish to be left alone", () => {
  const later = startMs + 5_000;
  const wish = (reason: "endpoint" | "account" | null) => ({
    scopes: [account, charges],
    kinds: ["rate"] as const,
    hints: { ...noHints, notBeforeMs: later, reason },
  });

  test.each([
    ["endpoint" as const, [later, startMs]],
    ["account" as const, [later, later]],
    [null, [later, later]],
  ])("holds what it named: %s", (reason, [sameMs, otherMs]) => {
    const stored = new Stored();
    expect(stored.settle(wish(reason))).toBe(true);
    expect(stored.earliest([account, charges])).toBe(sameMs);
    expect(stored.earliest([account, customers])).toBe(otherMs);
  });

  test("is kept when a shorter one comes, and costs no second write", () => {
    const stored = new Stored();
    stored.settle(wish(null));
    const shorter = { ...wish(null), hints: { ...noHints, notBeforeMs: later - 1_000 } };
    expect([stored.settle(wish(null)), stored.settle(shorter)]).toEqual([false, false]);
    expect(stored.earliest([account])).toBe(later);
  });

  test("is one account's affair where the app's limit is beside it", () => {
    const app = slidingScope(100, 1_000, { item: "acme#app", per: "app" });
    const stored = new Stored();
    stored.settle({ ...wish(null), scopes: [app, account] });
    expect(stored.earliest([app])).toBe(startMs);
    expect(stored.earliest([account])).toBe(later);
  });
});

describe("a refusal without a word of when to come back", () => {
  const refusal = { scopes: [account], kinds: ["rate"] as const };

  test("is answered with a rest that doubles while they go on, up to a minute, and halves with each calm minute", () => {
    const stored = new Stored();
    let nowMs = startMs;
    const rests = Array.from({ length: 8 }, () => {
      stored.settle(refusal, [nowMs], nowMs);
      const restedMs = stored.earliest([account], nowMs) - nowMs;
      nowMs += restedMs + 1;
      return restedMs;
    });
    expect(rests).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    nowMs += 4 * 60_000;
    stored.settle(refusal, [nowMs], nowMs);
    expect(stored.earliest([account], nowMs) - nowMs).toBeLessThanOrEqual(16_000);
  });

  test("counts once for all calls that were sent before it was known", () => {
    const stored = new Stored();
    expect(stored.settle(refusal, [startMs - 50], startMs)).toBe(true);
    expect(stored.settle(refusal, [startMs - 20], startMs + 30)).toBe(false);
    expect(stored.earliest([account])).toBe(startMs + 1_000);
  });
});

describe("tokens come back", () => {
  test("when they lie ahead and are said to be unused", () => {
    const stored = new Stored();
    const dates = stored.take([account], 14);
    expect(dates.at(-1)).toBe(startMs + 1_260);
    expect(stored.settle({ scopes: [account], sent: 11, unused: 3 }, dates)).toBe(true);
    expect(stored.take([account], 9)).toHaveLength(9);
    expect(stored.take([account], 1)).toEqual([startMs + 2_520]);
  });

  test("never when their time has passed: who is late may have sent them", () => {
    const stored = new Stored();
    const dates = stored.take([account], 10);
    expect(stored.settle({ scopes: [account], sent: 0, unused: 10 }, dates, startMs + 5)).toBe(false);
  });

  test("of a limit on calls at once when the call is over, and else when its lease is", () => {
    const atOnce = scopeOf("account at once", { kind: "concurrency", calls: 2 });
    const stored = new Stored();
    const [first = 0] = stored.take([atOnce], 1);
    const [second = 0] = stored.take([atOnce], 1);
    expect([first, second]).toEqual([startMs, startMs]);
    const freeAtMs = stored.earliest([atOnce]);
    expect(freeAtMs).toBeGreaterThanOrEqual(startMs + 30_260);
    expect(freeAtMs).toBeLessThan(startMs + 30_280);
    expect(stored.settle({ scopes: [atOnce] }, [first], startMs + 300)).toBe(true);
    expect(stored.earliest([atOnce], startMs + 300)).toBe(startMs + 300);
  });
});

describe("what a call really cost", () => {
  test("is counted where it is more than was thought, and not where it is less", () => {
    const points = scopeOf("account points", { kind: "tokenBucket", capacity: 1_000, refill: 50, perMs: 1_000 });
    const stored = new Stored();
    const dates = stored.take([points], 1);
    const cost = (usedWeight: number) => ({ scopes: [points], hints: { ...noHints, usedWeight } });
    expect(stored.settle(cost(1), dates)).toBe(false);
    expect(stored.settle(cost(988), dates)).toBe(true);
    // 988 of the 987 that are there besides what comes back within the uncertainty: one more, and its own unit.
    expect(stored.earliest([points])).toBe(startMs + 40);
  });
});

describe("what the partner has left", () => {
  const day = scopeOf("app day", {
    kind: "fixedWindow",
    requests: 1_000,
    perMs: 3_600_000,
    resets: { kind: "aligned", offsetMs: 0 },
  });
  const left = (scopes: readonly BucketScope[], remaining: number, perMs: number | null, limit: number | null) => ({
    scopes,
    hints: { ...noHints, remaining: [{ perMs, remaining, resetAtMs: null, limit }] },
  });

  test("lowers ours until the window is over, once", () => {
    const stored = new Stored();
    const nowMs = startMs + 60_000;
    expect(stored.settle(left([day], 4, null, 1_000), [nowMs], nowMs)).toBe(true);
    expect(stored.settle(left([day], 4, null, 1_000), [nowMs], nowMs)).toBe(false);
    expect(stored.take([day], 9, nowMs)).toHaveLength(4);
    expect(stored.earliest([day], nowMs)).toBe(startMs + 3_600_000 + 260);
  });

  test("is told to the window that it speaks of, and to none where that cannot be told", () => {
    const minute = slidingScope(120, 60_000);
    const stored = new Stored();
    expect(stored.settle(left([account, minute], 0, null, null), [startMs])).toBe(false);
    expect(stored.settle(left([account, minute], 500, 60_000, 120), [startMs])).toBe(false);
    expect(stored.settle(left([account, minute], 2, null, 120), [startMs])).toBe(true);
    const dates = stored.take([account, minute], 5);
    expect(dates.slice(0, 2)).toEqual([startMs, startMs]);
    expect(dates[2]).toBeGreaterThanOrEqual(startMs + 60_260);
    expect(dates[2]).toBeLessThan(startMs + 60_280);
  });

  test("is nothing new where it is as much as we thought, or nearly", () => {
    const stored = new Stored();
    const dates = stored.take([day], 100, startMs + 60_000);
    expect(stored.settle(left([day], 900, null, 1_000), dates, startMs + 60_100)).toBe(false);
    expect(stored.settle(left([day], 890, null, 1_000), dates, startMs + 60_100)).toBe(false);
    expect(stored.settle(left([day], 950, null, 1_000), dates, startMs + 60_100)).toBe(false);
  });
});

test("a limit that nobody documents spaces calls by its rate, is cut once by a burst of refusals, and rises again", () => {
  const scopes = [scopeOf("account learnt", { kind: "learnt", startPerSecond: 10, minPerSecond: 1, maxPerSecond: 20 })];
  const stored = new Stored();
  const gapsOf = (dates: readonly number[]) => dates.slice(1).map((dateMs, index) => dateMs - (dates[index] ?? 0));
  const first = stored.take(scopes, 4);
  expect(gapsOf(first)).toEqual([100, 100, 100]);
  const refusal = { scopes, kinds: ["rate"] as const, hints: { ...noHints, notBeforeMs: startMs + 1_000 } };
  const cutAtMs = startMs + 500;
  expect(stored.settle(refusal, [startMs], cutAtMs)).toBe(true);
  stored.settle(refusal, [startMs + 100], cutAtMs + 10);
  const cut = gapsOf(stored.take(scopes, 4, startMs + 2_000));
  expect(Math.max(...cut)).toBeLessThanOrEqual(118);
  expect(Math.min(...cut)).toBeGreaterThanOrEqual(117);
  let nowMs = startMs + 3_000;
  for (let minute = 0; minute < 240; minute += 1) {
    nowMs = (stored.take(scopes, 20, nowMs).at(-1) ?? nowMs) + 1;
  }
  expect(Math.max(...gapsOf(stored.take(scopes, 4, nowMs + 500)))).toBeLessThan(95);
});

test("most outcomes change nothing, not even where nothing is known of the item", () => {
  const outcome = { scopes: [account], connectionId: "one", sent: 1, unused: 0, kinds: [], hints: noHints };
  const items = new Map([["acme#one", emptyGateItem]]);
  expect(settleDated(items, { weight: 1, dates: [startMs] }, outcome, startMs).size).toBe(0);
  expect(settleDated(new Map(), { weight: 1, dates: [] }, outcome, startMs).size).toBe(0);
});
