import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitItem, itemTextMax } from "../../../lib/engine/gate/fit-item.ts";
import { packGateItem, unpackGateItem } from "../../../lib/engine/gate/gate-item-text.ts";
import { emptyGateItem } from "../../../lib/engine/gate/gate-item.ts";
import type { BucketUse, GateItem } from "../../../lib/engine/gate/gate-item.ts";
import { reserveDated } from "../../../lib/engine/gate/reserve-dated.ts";
import { SeededRandom, startMs } from "../../support/memory/clock.ts";
import { VirtualWorld } from "./support/virtual-world.ts";
import { slidingScope } from "./support/scopes.ts";

const minuteMs = 60_000;
const threeTiers = [slidingScope(15, 1_000), slidingScope(120, minuteMs), slidingScope(5_000, 60 * minuteMs)];
const endpointScope = (index: number) =>
  slidingScope(25, 1_000, { bucket: `GET /a/long/path/of/an/endpoint/${index}` });

describe("an item", () => {
  test("stays under a kilobyte with three tiers full and twelve endpoints in use, by eight connections", () => {
    const world = new VirtualWorld(2);
    const random = new SeededRandom(4);
    for (let worker = 0; worker < 24; worker += 1) {
      const scopes = [...threeTiers, endpointScope(worker % 12)];
      const call = { scopes, weight: 1, want: 1 + (worker % 3), lane: "imports" as const };
      world.flood({ ...call, connectionId: `connection ${worker % 8}` }, () => undefined);
    }
    let longest = 0;
    for (let second = 1; second < 3_000; second += 1) {
      world.runUntil(startMs + second * 1_000 + random.unit());
      longest = Math.max(longest, world.text().length);
    }
    expect(longest).toBeGreaterThan(itemTextMax / 2);
    expect(longest).toBeLessThanOrEqual(itemTextMax);
  });

  test("refuses a bucket more than it can name, until one of them is at rest", () => {
    let item: GateItem = emptyGateItem;
    const take = (index: number, nowMs: number) => {
      const scopes = [endpointScope(index)];
      const ask = { scopes, weight: 1, want: 1, lane: "imports" as const, connectionId: "one", deadlineMs: nowMs };
      const verdict = reserveDated(new Map([["acme#one", item]]), ask, nowMs);
      if (verdict.kind === "granted") item = verdict.items.get("acme#one") ?? item;
      return verdict;
    };
    const verdicts = Array.from({ length: 80 }, (_, index) => take(index, startMs + index));
    const refused = verdicts.findIndex((verdict) => verdict.kind === "refused");
    expect(refused).toBeGreaterThan(40);
    const first = verdicts[refused];
    const sureAtMs = first?.kind === "refused" ? first.sureAtMs : 0;
    expect(sureAtMs).toBeGreaterThan(startMs + 1_260);
    expect(take(refused, sureAtMs).kind).toBe("granted");
  });

  test("is joined where that costs least, and never counts less", () => {
    const entry = fc.record({ gapMs: fc.integer({ min: 1, max: 9_000 }), weight: fc.integer({ min: 1, max: 40 }) });
    fc.assert(
      fc.property(fc.array(entry, { minLength: 250, maxLength: 400 }), (gaps) => {
        let atMs = startMs;
        const entries = gaps.map(({ gapMs, weight }) => ({ firstMs: (atMs += gapMs), lastMs: atMs, weight }));
        const use: BucketUse = { kind: "log", unitMs: 1, entries };
        const bucket = { use, blockedUntilMs: 0, untilMs: atMs + minuteMs };
        const fitted = fitItem({ ...emptyGateItem, buckets: { aaaaaa: bucket } });
        const kept = fitted?.buckets["aaaaaa"]?.use;
        const log = kept?.kind === "log" ? kept.entries : [];
        expect(packGateItem(fitted ?? emptyGateItem).length).toBeLessThanOrEqual(itemTextMax);
        for (const { firstMs, weight } of entries) {
          const holder = log.find((each) => each.firstMs <= firstMs && each.lastMs >= firstMs);
          expect(holder?.weight).toBeGreaterThanOrEqual(weight);
        }
        const sum = (all: readonly { weight: number }[]) => all.reduce((units, each) => units + each.weight, 0);
        expect(sum(log)).toBe(sum(entries));
      }),
      { numRuns: 20 },
    );
  });

  test("comes back from its text as it went, whatever is in it", () => {
    const time = fc.integer({ min: startMs, max: startMs + 3_600_000 });
    const rate = fc.integer({ min: 1, max: 100_000 }).map((thousandths) => thousandths / 1_000);
    const use: fc.Arbitrary<BucketUse> = fc.oneof(
      fc.record({ kind: fc.constant("level" as const), emptyAtMs: time }),
      fc.record({
        kind: fc.constant("windows" as const),
        windows: fc.array(fc.record({ startMs: time, used: fc.nat(1_000_000) }), { maxLength: 3 }),
      }),
      fc.record({
        kind: fc.constant("learnt" as const),
        emptyAtMs: time,
        rate: fc.record({
          perSecond: rate,
          ceilingPerSecond: rate,
          cutAtMs: fc.oneof(fc.constant(0), time),
          sinceMs: time,
          used: fc.nat(5_000),
        }),
      }),
      fc.record({
        kind: fc.constant("log" as const),
        unitMs: fc.constant(8),
        entries: fc.uniqueArray(fc.nat(100_000), { maxLength: 40 }).map((units) =>
          units
            .toSorted((a, b) => a - b)
            .map((unit) => ({
              firstMs: startMs + unit * 16,
              lastMs: startMs + unit * 16 + 7,
              weight: 1 + (unit % 70),
            })),
        ),
      }),
    );
    const bucket = fc.record({ use, blockedUntilMs: fc.oneof(fc.constant(0), time), untilMs: time });
    const user = fc.record({
      id: fc.constantFrom("ab", "-_", "Z9"),
      burst: fc.nat(400).map((quarters) => quarters / 4),
      peak: fc.nat(400).map((quarters) => quarters / 4),
      recent: fc.nat(4_000).map((quarters) => quarters / 4),
      sinceMs: fc.nat(600).map((seconds) => startMs - seconds * 1_000),
      lastMs: fc.constant(startMs),
    });
    const item: fc.Arbitrary<GateItem> = fc.record({
      buckets: fc.dictionary(fc.stringMatching(/^[A-Za-z0-9_-]{6}$/), bucket, { maxKeys: 4 }),
      users: fc.array(user, { maxLength: 8 }),
      highAtMs: fc.oneof(fc.constant(0), time),
      strikes: fc.record({ count: fc.nat(10), atMs: fc.oneof(fc.constant(0), time) }),
    });
    fc.assert(
      fc.property(item, (any) => {
        expect(unpackGateItem(packGateItem(any))).toEqual({ ...any, buckets: { ...any.buckets } });
      }),
      { numRuns: 200 },
    );
  });

  test("of another make is as good as none, and one that is cut off is an error", () => {
    expect(unpackGateItem('{"freeAtMs":{}}')).toBeNull();
    const text = packGateItem({ ...emptyGateItem, highAtMs: startMs });
    for (let length = 1; length < text.length; length += 1)
      expect(() => unpackGateItem(text.slice(0, length))).toThrow(RangeError);
  });
});
