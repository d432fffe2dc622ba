import { describe, expect, test } from "vitest";
import { noHints } from "../../../lib/engine/gate/no-hints.ts";
import { createSharedGate } from "../../../lib/engine/gate/shared-gate.ts";
import type { Gate, Reservation } from "../../../lib/engine/ports.ts";
import { SeededRandom, startMs, VirtualClock } from "../../support/memory/clock.ts";
import { MemoryGateItems } from "../../support/memory/gate-items.ts";
import { scopeOf, slidingScope } from "./support/scopes.ts";

type Request = Parameters<Gate["reserve"]>[0];

function open() {
  const clock = new VirtualClock();
  const items = new MemoryGateItems();
  return { clock, items, gate: createSharedGate({ items, clock, random: new SeededRandom(7) }) };
}

const account = slidingScope(10, 1_000);
const app = slidingScope(20, 1_000, { item: "acme#app", per: "app" });
const ask = (request: Partial<Request> = {}): Request => ({
  scopes: [account],
  weight: 1,
  want: 3,
  lane: "imports",
  connectionId: "one",
  deadlineMs: startMs + 500,
  ...request,
});
const datesOf = (answer: Reservation): readonly number[] => (answer.kind === "granted" ? answer.sendAtMs : []);
const retryOf = (answer: Reservation): number => (answer.kind === "refused" ? answer.retryAtMs : Number.NaN);

describe("the shared gate", () => {
  test("gives each token once, however many ask at once", async () => {
    const { gate, items } = open();
    const answers = await Promise.all(Array.from({ length: 6 }, () => gate.reserve(ask())));
    const dates = answers.flatMap(datesOf);
    expect(dates.filter((dateMs) => dateMs < startMs + 1_260).length).toBeLessThanOrEqual(10);
    expect(dates.length).toBeGreaterThanOrEqual(9);
    expect(items.lostWrites).toBeGreaterThan(0);
  });

  test("gives up after a bounded number of lost tries, and says when to come back", async () => {
    const { gate, items, clock } = open();
    items.loseAlways = true;
    const answer = await gate.reserve(ask());
    expect(retryOf(answer)).toBeGreaterThan(clock.nowMs());
    expect(items.lostWrites).toBeLessThanOrEqual(12);
    expect(clock.nowMs() - startMs).toBeLessThanOrEqual(1_500);
  });

  test("refuses without a write, and sixty-four who wait come back at times of their own", async () => {
    const { gate, items } = open();
    await gate.reserve(ask({ want: 10 }));
    const { writes } = items;
    const answers = await Promise.all(Array.from({ length: 64 }, () => gate.reserve(ask())));
    const retries = answers.map(retryOf);
    expect([items.writes, items.lostWrites]).toEqual([writes, 0]);
    expect(new Set(retries).size).toBeGreaterThan(32);
    expect(Math.max(...retries) - Math.min(...retries)).toBeGreaterThan(100);
    // Nobody comes back so late that a token would go to waste.
    expect(Math.max(...retries)).toBeLessThanOrEqual(startMs + 1_260);
    const clock = new VirtualClock(Math.max(...retries));
    const again = createSharedGate({ items, clock, random: new SeededRandom(1) });
    expect((await again.reserve(ask({ deadlineMs: clock.nowMs() + 500 }))).kind).toBe("granted");
  });

  test("who finds all places taken by calls under way comes back sooner than their leases end", async () => {
    const { gate } = open();
    const scopes = [scopeOf("account at once", { kind: "concurrency", calls: 2 })];
    const first = await gate.reserve(ask({ scopes, want: 2 }));
    const refused = await gate.reserve(ask({ scopes, want: 1 }));
    expect(retryOf(refused)).toBeLessThanOrEqual(startMs + 2_000);
    const id = first.kind === "granted" ? first.id : "";
    await gate.settle(id, { scopes, connectionId: "one", sent: 1, unused: 0, kinds: [], hints: noHints });
    expect(datesOf(await gate.reserve(ask({ scopes, want: 2 })))).toEqual([startMs]);
  });

  test("who waits for calls that hang comes back the more rarely, the longer they hang", async () => {
    const { clock, gate } = open();
    const scopes = [scopeOf("account at once", { kind: "concurrency", calls: 2 })];
    await gate.reserve(ask({ scopes, want: 2 }));
    clock.advance(12_000);
    const retryMs = retryOf(await gate.reserve(ask({ scopes, want: 1, deadlineMs: clock.nowMs() + 500 })));
    expect(retryMs - clock.nowMs()).toBeGreaterThanOrEqual(5_000);
    expect(retryMs).toBeLessThanOrEqual(startMs + 31_000);
  });

  test("is late by no more than its uncertainty allows", async () => {
    const { gate } = open();
    const late = async (uncertaintyMs: number) => {
      const answer = await gate.reserve(
        ask({ scopes: [{ ...account, bucket: String(uncertaintyMs), uncertaintyMs }] }),
      );
      return answer.kind === "granted" ? answer.lateMsMax : Number.NaN;
    };
    expect([await late(260), await late(1_000), await late(100)]).toEqual([100, 100, 40]);
  });

  test("lets a partner without limits through, without a read", async () => {
    const { gate, items } = open();
    expect(datesOf(await gate.reserve(ask({ scopes: [] })))).toEqual([startMs, startMs, startMs]);
    expect(items.reads).toBe(0);
  });

  test("asks the table nothing for an answer that says nothing new", async () => {
    const { gate, items } = open();
    const answer = await gate.reserve(ask());
    const { reads } = items;
    const remaining = [{ perMs: 1_000, remaining: 7, resetAtMs: null, limit: 10 }];
    const outcome = { scopes: [account], connectionId: "one", sent: 3, unused: 0, kinds: [] };
    const id = answer.kind === "granted" ? answer.id : "";
    await gate.settle(id, { ...outcome, hints: noHints });
    await gate.settle(id, { ...outcome, hints: { ...noHints, remaining } });
    expect([items.reads, items.writes]).toEqual([reads, 1]);
    await gate.settle(id, { ...outcome, hints: { ...noHints, notBeforeMs: startMs + 9_000 } });
    expect(items.writes).toBe(2);
    expect(await gate.look("acme#one")).toEqual({ heldUntilMs: startMs + 9_000, limitsInUse: 1 });
  });
});

describe("limits in two items", () => {
  const scopes = [app, account];

  test("are dated together, and a refusal burns nothing of either", async () => {
    const { gate, items } = open();
    await gate.reserve(ask({ scopes, want: 10 }));
    const { writes } = items;
    expect((await gate.reserve(ask({ scopes }))).kind).toBe("refused");
    expect(items.writes).toBe(writes);
    const other = slidingScope(10, 1_000, { item: "acme#two" });
    expect(datesOf(await gate.reserve(ask({ scopes: [app, other], want: 12 })))).toHaveLength(10);
    expect((await gate.reserve(ask({ scopes: [app, slidingScope(10, 1_000, { item: "acme#three" })] }))).kind).toBe(
      "refused",
    );
  });

  test("of which the second is lost: what was taken of the first is given back", async () => {
    const { gate, items } = open();
    const write = items.write.bind(items);
    let lost = 0;
    items.write = (key, item, revision) => {
      if (key !== "acme#one" || lost > 0) return write(key, item, revision);
      lost += 1;
      return Promise.resolve("superseded");
    };
    expect(datesOf(await gate.reserve(ask({ scopes, want: 10 })))).toHaveLength(10);
    expect(lost).toBe(1);
    // Also what was dated for that very moment: its caller was never told of it.
    expect(datesOf(await gate.reserve(ask({ scopes: [app], want: 30 })))).toHaveLength(10);
  });

  test("are at most three", async () => {
    const { gate } = open();
    const many = [1, 2, 3, 4].map((index) => slidingScope(10, 1_000, { item: `acme#${index}` }));
    await expect(gate.reserve(ask({ scopes: many }))).rejects.toThrow("at most 3 items");
  });
});
