import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSharedGate } from "../../lib/engine/gate/shared-gate.ts";
import {
  emptyGateItem,
  lateMsMax,
  reserveSpaced,
  spacingMs,
  tightenSpaced,
} from "../../lib/engine/gate/spaced-bucket.ts";
import type { GateItem } from "../../lib/engine/gate/spaced-bucket.ts";
import type { BucketScope } from "../../lib/engine/ports.ts";
import { SeededRandom, startMs, VirtualClock } from "../support/memory/clock.ts";
import { MemoryGateItems } from "../support/memory/gate-items.ts";

const scope = (bucket: string, requests: number, perMs: number, share = 1): BucketScope => ({
  item: "acme#account",
  bucket,
  requests,
  perMs,
  share,
});

const scopeArbitrary = fc.record({
  requests: fc.integer({ min: 1, max: 40 }),
  perMs: fc.constantFrom(1_000, 10_000, 60_000),
  share: fc.constantFrom(0.5, 0.85, 1),
});

const stepArbitrary = fc.record({
  afterMs: fc.integer({ min: 0, max: 400 }),
  clockOffMs: fc.integer({ min: -80, max: 80 }),
  want: fc.integer({ min: 1, max: 8 }),
  weight: fc.constantFrom(1, 1, 1, 2, 3),
  patienceMs: fc.integer({ min: 0, max: 5_000 }),
  latenessMs: fc.array(fc.integer({ min: 0, max: lateMsMax }), { minLength: 8, maxLength: 8 }),
});

/** The most weight that arrives in any window of `perMs`. */
function busiestWindow(arrivals: readonly { atMs: number; weight: number }[], perMs: number): number {
  const sorted = arrivals.toSorted((a, b) => a.atMs - b.atMs);
  let busiest = 0;
  for (const [index, first] of sorted.entries()) {
    let weight = 0;
    for (const later of sorted.slice(index)) {
      if (later.atMs >= first.atMs + perMs) break;
      weight += later.weight;
    }
    busiest = Math.max(busiest, weight);
  }
  return busiest;
}

describe("the spaced bucket", () => {
  it("never lets a strict sliding window see more than its limit, whatever lateness and clocks within the bounds", () => {
    fc.assert(
      fc.property(
        fc.array(scopeArbitrary, { minLength: 1, maxLength: 3 }),
        fc.array(stepArbitrary, { minLength: 1, maxLength: 60 }),
        (limits, steps) => {
          const scopes = limits.map((limit, index) => scope(`tier ${index}`, limit.requests, limit.perMs, limit.share));
          const heaviest = Math.min(...scopes.map((tier) => tier.requests));
          const arrivals: { atMs: number; weight: number }[] = [];
          let item: GateItem = emptyGateItem;
          let trueMs = startMs;
          for (const step of steps) {
            trueMs += step.afterMs;
            const nowMs = trueMs + step.clockOffMs;
            const weight = Math.min(step.weight, heaviest);
            const request = { scopes, weight, want: step.want, deadlineMs: nowMs + step.patienceMs };
            const verdict = reserveSpaced(item, request, nowMs);
            if (verdict.kind === "refused") {
              expect(verdict.retryAtMs).toBeGreaterThan(request.deadlineMs);
              continue;
            }
            item = verdict.item;
            for (const [index, sendAtMs] of verdict.sendAtMs.entries()) {
              expect(sendAtMs).toBeLessThanOrEqual(request.deadlineMs);
              arrivals.push({ atMs: sendAtMs - step.clockOffMs + (step.latenessMs[index] ?? 0), weight });
            }
          }
          for (const tier of scopes) expect(busiestWindow(arrivals, tier.perMs)).toBeLessThanOrEqual(tier.requests);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("spends the stated share of a limit when nothing else bounds it", () => {
    const minute = scope("account", 120, 60_000, 0.85);
    const request = { scopes: [minute], weight: 1, want: 2_000, deadlineMs: startMs + 600_000 };
    const verdict = reserveSpaced(emptyGateItem, request, startMs);
    expect(verdict.kind).toBe("granted");
    const granted = verdict.kind === "granted" ? verdict.sendAtMs : [];
    expect(granted.length).toBeGreaterThanOrEqual(120 * 10 * 0.85 - 1);
    expect(granted.length).toBeLessThanOrEqual(120 * 10 * 0.85 + 1);
  });

  it("keeps buckets apart: an endpoint that is used up leaves another endpoint its share of the account", () => {
    const account = scope("account", 100, 1_000);
    const charges = scope("GET /charges", 1, 60_000);
    const first = reserveSpaced(
      emptyGateItem,
      { scopes: [account, charges], weight: 1, want: 1, deadlineMs: startMs },
      startMs,
    );
    if (first.kind !== "granted") throw new Error("the first call is free");
    const again = { scopes: [account, charges], weight: 1, want: 1, deadlineMs: startMs + 1_000 };
    expect(reserveSpaced(first.item, again, startMs).kind).toBe("refused");
    const other = { ...again, scopes: [account, scope("GET /customers", 1, 60_000)] };
    expect(reserveSpaced(first.item, other, startMs).kind).toBe("granted");
  });

  it("takes nothing from any scope when it refuses, and says when to come back", () => {
    const narrow = scope("narrow", 1, 60_000);
    const first = reserveSpaced(emptyGateItem, { scopes: [narrow], weight: 1, want: 1, deadlineMs: startMs }, startMs);
    if (first.kind !== "granted") throw new Error("the first call is free");
    const refused = reserveSpaced(
      first.item,
      { scopes: [narrow], weight: 1, want: 1, deadlineMs: startMs + 10 },
      startMs,
    );
    expect(refused).toEqual({ kind: "refused", retryAtMs: Math.ceil(startMs + spacingMs(narrow)) });
  });

  it("remembers a bucket until it is free for the clock that is furthest behind", () => {
    const charges = scope("GET /charges", 1, 1_000);
    const customers = scope("GET /customers", 1, 1_000);
    const once = (item: GateItem, tier: BucketScope, nowMs: number) => {
      const verdict = reserveSpaced(item, { scopes: [tier], weight: 1, want: 1, deadlineMs: nowMs + 5_000 }, nowMs);
      if (verdict.kind !== "granted") throw new Error("five seconds are enough");
      return verdict;
    };
    const first = once(emptyGateItem, charges, startMs);
    const freeAtMs = startMs + spacingMs(charges);
    const ahead = once(first.item, customers, freeAtMs + 50);
    const behind = once(ahead.item, charges, freeAtMs - 100);
    expect(behind.sendAtMs[0]).toBeGreaterThanOrEqual(freeAtMs);
  });

  it("only tightens on a hint", () => {
    const account = scope("account", 10, 1_000);
    const pushed = tightenSpaced(emptyGateItem, [account], startMs + 5_000, startMs);
    if (pushed === null) throw new Error("a free bucket can be pushed back");
    expect(tightenSpaced(pushed, [account], startMs + 4_000, startMs)).toBeNull();
    const verdict = reserveSpaced(
      pushed,
      { scopes: [account], weight: 1, want: 1, deadlineMs: startMs + 9_000 },
      startMs,
    );
    expect(verdict).toMatchObject({ kind: "granted", sendAtMs: [startMs + 5_000] });
  });

  it("stays under a kilobyte whatever endpoints are called, and forgets what is free again", () => {
    let item = emptyGateItem;
    for (let index = 0; index < 200; index += 1) {
      const scopes = [
        scope("account", 10_000, 1_000),
        scope(`GET /a/rather/long/path/of/an/endpoint/${index}`, 1, 60_000),
      ];
      const verdict = reserveSpaced(item, { scopes, weight: 1, want: 1, deadlineMs: startMs + 1_000 }, startMs);
      if (verdict.kind === "granted") item = verdict.item;
    }
    expect(JSON.stringify(item).length).toBeLessThan(900);
    const later = reserveSpaced(
      item,
      { scopes: [scope("account", 10_000, 1_000)], weight: 1, want: 1, deadlineMs: startMs + 200_000 },
      startMs + 120_000,
    );
    expect(later.kind === "granted" ? Object.keys(later.item.freeAtMs) : []).toHaveLength(1);
  });
});

describe("the shared gate", () => {
  const world = () => {
    const clock = new VirtualClock();
    const items = new MemoryGateItems();
    return { clock, items, gate: createSharedGate({ items, clock, random: new SeededRandom(7) }) };
  };
  const account = scope("account", 10, 1_000, 1);
  const ask = { scopes: [account], weight: 1, want: 3, lane: "imports" as const, deadlineMs: startMs + 60_000 };

  it("never hands out one token twice when many ask at once", async () => {
    const { gate, items } = world();
    const answers = await Promise.all(Array.from({ length: 6 }, () => gate.reserve(ask)));
    const dates = answers.flatMap((answer) => (answer.kind === "granted" ? answer.sendAtMs : []));
    expect(new Set(dates).size).toBe(dates.length);
    expect(dates.length).toBeGreaterThanOrEqual(3);
    expect(items.lostWrites).toBeGreaterThan(0);
  });

  it("gives up after a bounded number of lost tries, asking to come back", async () => {
    const { gate, items, clock } = world();
    items.loseAlways = true;
    const answer = await gate.reserve(ask);
    expect(answer.kind === "refused" && answer.retryAtMs > clock.nowMs()).toBe(true);
    expect(items.lostWrites).toBeLessThanOrEqual(6);
  });

  it("writes nothing when it refuses, and nothing when there is no hint to keep", async () => {
    const { gate, items } = world();
    await gate.reserve({ ...ask, want: 50 });
    const { writes } = items;
    expect((await gate.reserve({ ...ask, deadlineMs: startMs })).kind).toBe("refused");
    const outcome = { scopes: [account], sent: 1, unused: 0, kinds: [] };
    await gate.settle("any", { ...outcome, hints: { notBeforeMs: null } });
    expect(items.writes).toBe(writes);
    await gate.settle("any", { ...outcome, hints: { notBeforeMs: startMs + 90_000 } });
    expect(items.writes).toBe(writes + 1);
    const after = await gate.reserve(ask);
    expect(after).toMatchObject({ kind: "refused", retryAtMs: startMs + 90_000 });
  });

  it("lets a partner without limits through, without a read", async () => {
    const { gate, items } = world();
    const answer = await gate.reserve({ ...ask, scopes: [] });
    expect(answer).toMatchObject({ kind: "granted", sendAtMs: [startMs, startMs, startMs] });
    expect(items.reads).toBe(0);
  });

  it("can be looked at, which changes nothing", async () => {
    const { gate, items, clock } = world();
    expect(await gate.look(account.item)).toEqual({ heldUntilMs: null, limitsInUse: 0 });
    const hints = { notBeforeMs: startMs + 90_000 };
    await gate.reserve(ask);
    await gate.settle("any", { scopes: [account], sent: 1, unused: 0, kinds: ["rate"], hints });
    const { writes } = items;
    expect(await gate.look(account.item)).toEqual({ heldUntilMs: startMs + 90_000, limitsInUse: 1 });
    expect(await gate.look("acme#another")).toEqual({ heldUntilMs: null, limitsInUse: 0 });
    clock.advance(90_000);
    expect(await gate.look(account.item)).toEqual({ heldUntilMs: null, limitsInUse: 0 });
    expect(items.writes).toBe(writes);
  });
});
