import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Contender } from "../bench/support/limiter/contender.ts";
import { MeteredStore } from "../bench/support/limiter/metered-store.ts";
import { bestSendTimes } from "../bench/support/limiter/omniscient.ts";
import { world } from "../bench/support/limiter/scenario.ts";
import type { Quota } from "../bench/support/limiter/scenario.ts";
import { simulate } from "../bench/support/limiter/simulate.ts";
import { EventLoop } from "../sim/kernel/event-loop.ts";
import { Prng } from "../sim/kernel/prng.ts";
import { strictPartner } from "../support/judges/strict-partner.ts";

const quotaOf = (tiers: Quota["tiers"]): Quota => ({ name: "drawn", tiers, saturatedMs: 10_000 });

describe("the omniscient sender", () => {
  const tiers = fc.array(
    fc.record({ requests: fc.integer({ min: 1, max: 6 }), perMs: fc.integer({ min: 1, max: 500 }) }),
    { minLength: 1, maxLength: 3 },
  );
  const releases = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 40 }).map((gaps) =>
    gaps.map(
      (
        (atMs) => (gapMs) =>
          (atMs += gapMs)
      )(0),
    ),
  );

  it("breaks no limit whose window is longer by the uncertainty, and no call could have gone sooner", () => {
    fc.assert(
      fc.property(tiers, releases, (drawn, released) => {
        const longer = drawn.map(({ requests, perMs }, index) => ({
          name: String(index),
          kind: "slidingWindow" as const,
          requests,
          perMs: perMs + world.uncertaintyMs,
        }));
        const sent = bestSendTimes(quotaOf(drawn), released, Infinity);
        const judge = strictPartner(longer);
        for (const [index, atMs] of sent.entries()) {
          const soonerMs = atMs - 1;
          if (soonerMs >= Math.max(released[index] ?? 0, sent[index - 1] ?? 0))
            expect(judge.arrive({ atMs: soonerMs, weight: 1, bucket: "a", id: `${index} sooner` }).kind).toBe(
              "refused",
            );
          expect(judge.arrive({ atMs, weight: 1, bucket: "a", id: String(index) }).kind).toBe("accepted");
        }
        expect(sent).toHaveLength(released.length);
      }),
    );
  });
});

describe("a run", () => {
  const greedy = (lateMsMax: number): Contender => ({
    name: "greedy",
    sleepMsMax: 0,
    open:
      () =>
      ({ clock, random }) => ({
        async ask(want) {
          await clock.sleep(200);
          return {
            kind: "granted",
            id: random.id(),
            sendAtMs: Array.from({ length: want }, () => clock.nowMs()),
            lateMsMax,
          };
        },
        refused: async () => {},
      }),
  });
  const scenario = {
    quota: quotaOf([{ requests: 5, perMs: 1_000 }]),
    workers: 3,
    demand: "saturated",
    seed: 1,
  } as const;

  test("counts every call of a limiter that lets everything through", async () => {
    const outcome = await simulate(greedy(100), scenario);
    // Refused ones stay away for most of a second and more, so not every second is full.
    expect(outcome.sentAtMs.length).toBeGreaterThanOrEqual(20);
    expect(outcome.sentAtMs.length).toBeLessThanOrEqual(50);
    expect(outcome.violations).toBeGreaterThan(0);
    expect(outcome.violations).toBe(outcome.refused);
  });

  test("is the same again for the same seed, and another for another", async () => {
    const first = await simulate(greedy(100), scenario);
    expect(await simulate(greedy(100), scenario)).toEqual(first);
    expect(await simulate(greedy(100), { ...scenario, seed: 2 })).not.toEqual(first);
  });
});

test("a table counts a write whose condition fails, and large items by the KB", async () => {
  const loop = new EventLoop(0);
  const store = new MeteredStore(loop, new Prng("store"));
  const items = store.items<string>();
  const seen: unknown[] = [];
  loop.at(0, () => {
    void (async () => {
      seen.push(await items.write("a", () => "x".repeat(1_500)));
      seen.push(await items.write("a", () => null));
      seen.push(await items.read("a"));
    })();
  });
  await loop.runUntil(1_000);
  const stored = "x".repeat(1_500);
  expect(seen).toEqual([{ stored: true, item: stored }, { stored: false, item: stored }, stored]);
  expect([store.writeUnits, store.readUnits]).toEqual([4, 1]);
});
