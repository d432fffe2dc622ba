import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { askedTogether } from "../../lib/engine/gate/asked-together.ts";
import { createSharedGate } from "../../lib/engine/gate/shared-gate.ts";
import type { BucketScope } from "../../lib/engine/ports.ts";
import { TokensAhead } from "../../lib/flows/tokens-ahead.ts";
import { scopeOf, slidingScope } from "../engine/gate/support/scopes.ts";
import { SeededRandom, VirtualClock } from "../support/memory/clock.ts";
import { MemoryGateItems } from "../support/memory/gate-items.ts";
import { startMs } from "../support/memory-ports.ts";

const wide = slidingScope(1_000, 1_000);
const windowOf = (remaining: number) => ({ perMs: 10_000, remaining, resetAtMs: null, limit: 10 });

function open(scopes: readonly BucketScope[] = [wide]) {
  const clock = new VirtualClock();
  const items = new MemoryGateItems();
  const gate = askedTogether(createSharedGate({ items, clock, random: new SeededRandom(7) }), clock);
  const counted: number[] = [];
  const metrics = { count: (_name: string, value: number) => void counted.push(value) };
  const tokens = new TokensAhead({ gate, clock, metrics }, { name: "acme" });
  const ask = (connectionId = "one") =>
    ({ scopes, weight: 1, want: 1, lane: "imports", connectionId, deadlineMs: clock.nowMs() + 3_000 }) as const;
  /** One call that takes so long; when it was sent, or null where it was told to wait. */
  const call = async (tookMs: number): Promise<number | null> => {
    const answer = await tokens.reserve(ask());
    if (answer.kind === "refused") return null;
    const [dateMs = 0] = answer.sendAtMs;
    await clock.sleep(Math.max(0, dateMs - clock.nowMs()));
    const sentAtMs = clock.nowMs();
    expect(sentAtMs).toBeLessThanOrEqual(dateMs + answer.lateMsMax);
    clock.advance(tookMs);
    return sentAtMs;
  };
  return { clock, items, gate, tokens, ask, call, counted };
}

describe("tokens ahead", () => {
  test("calls that come regularly share a write, and none waits", async () => {
    const { clock, items, call, counted } = open();
    const beganMs = clock.nowMs();
    for (let page = 0; page < 100; page++) await call(300);
    expect(items.writes).toBeLessThanOrEqual(20);
    expect(clock.nowMs() - beganMs).toBeLessThanOrEqual(101 * 300);
    expect(counted).toEqual([]);
  });

  test("calls that do not are asked for one by one", async () => {
    const { items, call } = open();
    for (let page = 0; page < 20; page++) await call(page % 2 === 0 ? 200 : 900);
    expect(items.writes).toBe(20);
  });

  test("calls that the limit makes wait are asked for together, however they come", async () => {
    const { items, call } = open([slidingScope(2, 1_000)]);
    let sent = 0;
    for (let page = 0; page < 60; page++) if ((await call(page % 2 === 0 ? 50 : 250)) !== null) sent += 1;
    expect(sent).toBeGreaterThan(50);
    expect(items.writes / sent).toBeLessThanOrEqual(0.4);
  });

  test("a call that comes too late abandons its date, and the next are asked for singly", async () => {
    const { clock, items, call, counted } = open();
    for (let page = 0; page < 8; page++) await call(300);
    clock.advance(5_000);
    const writes = items.writes;
    for (let page = 0; page < 4; page++) await call(300);
    expect(items.writes - writes).toBe(4);
    expect(counted.length).toBe(1);
  });

  test("what is left is given back, and others have it", async () => {
    const { gate, tokens, ask, call } = open([slidingScope(10, 10_000)]);
    for (let page = 0; page < 7; page++) await call(100);
    const others = async (): Promise<number> => {
      const answer = await gate.reserve({ ...ask("two"), want: 10 });
      return answer.kind === "granted" ? answer.sendAtMs.length : 0;
    };
    expect(await others()).toBe(0);
    await tokens.giveBack();
    // Of the three that were left one has had its date, which is nobody's now.
    expect(await others()).toBe(2);
  });

  test("what was given back is not used any more, and not given back again", async () => {
    const { items, tokens, ask, call } = open();
    for (let page = 0; page < 7; page++) await call(100);
    await tokens.giveBack();
    const { writes } = items;
    await tokens.giveBack();
    expect(items.writes - writes).toBe(0);
    expect(await tokens.reserve(ask())).toMatchObject({ kind: "granted" });
    expect(items.writes - writes).toBe(1);
  });

  test.each([
    ["asks to be left alone", { notBeforeMs: startMs + 60_000, remaining: [] }],
    ["has less left than is in hand", { notBeforeMs: null, remaining: [windowOf(1)] }],
  ])("once the partner %s, nothing that was asked for before is used", async (_what, hints) => {
    const { gate, tokens, ask, call } = open([slidingScope(10, 10_000)]);
    for (let page = 0; page < 7; page++) await call(100);
    await tokens.heed(hints);
    const answer = await gate.reserve({ ...ask("two"), want: 10 });
    expect(answer).toMatchObject({ kind: "granted" });
  });

  test("a partner that has enough left changes nothing", async () => {
    const { items, tokens, call } = open();
    for (let page = 0; page < 100; page++) {
      await call(300);
      await tokens.heed({ notBeforeMs: null, remaining: [windowOf(500)] });
    }
    expect(items.writes).toBeLessThanOrEqual(20);
  });

  test("calls under way at the partner are never dated ahead", async () => {
    const { items, call } = open([scopeOf("calls", { kind: "concurrency", calls: 5 })]);
    for (let page = 0; page < 5; page++) await call(100);
    expect(items.writes).toBe(5);
  });

  test("a learnt limit does not rise on calls that were never sent", async () => {
    const rule = { kind: "learnt", startPerSecond: 1_000, minPerSecond: 1, maxPerSecond: 1_000 } as const;
    const { items, call } = open([scopeOf("calls", rule), wide]);
    for (let page = 0; page < 8; page++) await call(300);
    expect(items.writes).toBe(8);
  });

  test("no window ever holds more than the limit, whatever the distances", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 5, maxLength: 40 }),
        async (distances) => {
          const { call } = open([slidingScope(3, 1_000)]);
          const sent: number[] = [];
          for (const distanceMs of distances) sent.push(...[await call(distanceMs)].filter((atMs) => atMs !== null));
          for (const atMs of sent) {
            const held = sent.filter((other) => other >= atMs && other < atMs + 1_000).length;
            expect(held).toBeLessThanOrEqual(3);
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});
