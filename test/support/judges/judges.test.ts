import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ArrivedCall, Judge } from "./judge.ts";
import { strictPartner } from "./strict-partner.ts";
import type { PartnerLimit } from "./strict-partner.ts";

type Fits = (accepted: readonly ArrivedCall[], call: ArrivedCall) => boolean;

/** Each limit by its definition, over all that was ever accepted. */
const fitsByDefinition: {
  [Kind in "slidingWindow" | "tokenBucket" | "alignedWindow"]: (limit: Numbers) => Fits;
} = {
  slidingWindow:
    ({ units, perMs }) =>
    (accepted, call) =>
      [...accepted, call].every(
        (first, _, all) =>
          units >= total(all.filter((other) => other.atMs >= first.atMs && other.atMs < first.atMs + perMs)),
      ),
  tokenBucket:
    ({ units, perMs, refill }) =>
    (accepted, call) =>
      [...accepted, call].every(
        (_, index, all) => (total(all.slice(index)) - units) * perMs <= (call.atMs - (all[index]?.atMs ?? 0)) * refill,
      ),
  alignedWindow:
    ({ units, perMs, offsetMs }) =>
    (accepted, call) => {
      const startsAtMs = (atMs: number): number => atMs - ((((atMs - offsetMs) % perMs) + perMs) % perMs);
      return units >= total([...accepted, call].filter((other) => startsAtMs(other.atMs) === startsAtMs(call.atMs)));
    },
};

interface Numbers {
  readonly units: number;
  readonly perMs: number;
  readonly refill: number;
  readonly offsetMs: number;
}

const numbers: fc.Arbitrary<Numbers> = fc.record({
  units: fc.integer({ min: 1, max: 8 }),
  perMs: fc.integer({ min: 1, max: 40 }),
  refill: fc.integer({ min: 1, max: 6 }),
  offsetMs: fc.integer({ min: -50, max: 50 }),
});

const limitOf = (kind: keyof typeof fitsByDefinition, { units, perMs, refill, offsetMs }: Numbers): PartnerLimit => {
  const name = kind;
  if (kind === "slidingWindow") return { name, kind, requests: units, perMs };
  if (kind === "tokenBucket") return { name, kind, capacity: units, refill, perMs };
  return { name, kind: "fixedWindow", requests: units, perMs, resets: { kind: "aligned", offsetMs } };
};

const calls: fc.Arbitrary<readonly ArrivedCall[]> = fc
  .array(
    fc.record({
      gapMs: fc.integer({ min: 0, max: 15 }),
      weight: fc.integer({ min: 1, max: 3 }),
      bucket: fc.constantFrom("a", "b"),
    }),
    { maxLength: 60 },
  )
  .map((gaps) => {
    let atMs = 1_000;
    return gaps.map(({ gapMs, weight, bucket }, index) => ({ atMs: (atMs += gapMs), weight, bucket, id: `c${index}` }));
  });

describe("a strict partner accepts what a limit's definition allows, and nothing else", () => {
  const kinds = ["slidingWindow", "tokenBucket", "alignedWindow"] as const;

  it.each(kinds)("%s", (kind) => {
    fc.assert(
      fc.property(numbers, calls, (drawn, arriving) => {
        const judge = strictPartner([limitOf(kind, drawn)]);
        const fits = fitsByDefinition[kind](drawn);
        expect(verdictsOf(judge, arriving)).toEqual(verdictsBy(fits, arriving));
      }),
    );
  });

  it.each(kinds)("%s, each endpoint apart inside one for the account", (kind) => {
    fc.assert(
      fc.property(numbers, numbers, calls, (endpoint, account, arriving) => {
        const judge = strictPartner([
          { ...limitOf(kind, endpoint), perBucket: true },
          { ...limitOf(kind, account), name: "account" },
        ]);
        const fitsEndpoint = fitsByDefinition[kind](endpoint);
        const fitsAccount = fitsByDefinition[kind](account);
        const fits: Fits = (accepted, call) =>
          fitsAccount(accepted, call) &&
          fitsEndpoint(
            accepted.filter(({ bucket }) => bucket === call.bucket),
            call,
          );
        expect(verdictsOf(judge, arriving)).toEqual(verdictsBy(fits, arriving));
      }),
    );
  });

  it("concurrency", () => {
    const stays = fc.array(
      fc.record({ gapMs: fc.nat(9), tookMs: fc.integer({ min: 1, max: 30 }), weight: fc.integer({ min: 1, max: 3 }) }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), stays, (limit, drawn) => {
        const judge = strictPartner([{ name: "at once", kind: "concurrency", calls: limit }]);
        let atMs = 0;
        let underWay: { readonly id: string; readonly leavesAtMs: number; readonly weight: number }[] = [];
        for (const [index, { gapMs, tookMs, weight }] of drawn.entries()) {
          atMs += gapMs;
          const gone = underWay.filter(({ leavesAtMs }) => leavesAtMs <= atMs);
          for (const { id } of gone) judge.leave(id, atMs);
          underWay = underWay.filter(({ leavesAtMs }) => leavesAtMs > atMs);
          const id = `c${index}`;
          const fits = total(underWay) + weight <= limit;
          expect(judge.arrive({ id, atMs, weight, bucket: "a" }).kind).toBe(fits ? "accepted" : "refused");
          if (fits) underWay.push({ id, weight, leavesAtMs: atMs + tookMs });
        }
      }),
    );
  });
});

describe("a refused call", () => {
  it.each(["slidingWindow", "tokenBucket", "alignedWindow"] as const)(
    "has room after its time, not before: %s",
    (kind) => {
      fc.assert(
        fc.property(numbers, calls, (drawn, arriving) => {
          const accepted: ArrivedCall[] = [];
          const judge = strictPartner([limitOf(kind, drawn)]);
          const fits = fitsByDefinition[kind](drawn);
          for (const call of arriving) {
            const verdict = judge.arrive(call);
            if (verdict.kind === "accepted") accepted.push(call);
            else if (call.weight <= drawn.units) {
              const roomMs = Math.ceil(verdict.retryAfterMs);
              expect(roomMs).toBeGreaterThan(0);
              expect(fits(accepted, { ...call, atMs: call.atMs + roomMs })).toBe(true);
              expect(fits(accepted, { ...call, atMs: call.atMs + roomMs - 1 })).toBe(false);
            }
          }
        }),
      );
    },
  );

  it("counts in no limit, and is listed once for each that it broke", () => {
    const judge = strictPartner([
      { name: "second", kind: "slidingWindow", requests: 1, perMs: 1_000 },
      { name: "minute", kind: "slidingWindow", requests: 2, perMs: 60_000 },
    ]);
    const arrive = (atMs: number) => judge.arrive({ atMs, weight: 1, bucket: "list", id: `at ${atMs}` });
    expect(arrive(0)).toEqual({ kind: "accepted" });
    expect(arrive(999)).toEqual({ kind: "refused", limit: "second", retryAfterMs: 1 });
    expect(arrive(1_000)).toEqual({ kind: "accepted" });
    expect(arrive(1_500)).toEqual({ kind: "refused", limit: "minute", retryAfterMs: 58_500 });
    expect(arrive(60_000)).toEqual({ kind: "accepted" });
    expect(judge.violations().map(({ limit, atMs, held }) => [limit, atMs, held])).toEqual([
      ["second", 999, 2],
      ["second", 1_500, 2],
      ["minute", 1_500, 3],
    ]);
  });
});

describe("a daily window", () => {
  const daily = (timeZone: string, hour: number) =>
    strictPartner([
      { name: "day", kind: "fixedWindow", requests: 1, perMs: 86_400_000, resets: { kind: "daily", timeZone, hour } },
    ]);
  const accepts = (judge: ReturnType<typeof daily>, iso: string): boolean =>
    judge.arrive({ atMs: Date.parse(iso), weight: 1, bucket: "a", id: iso }).kind === "accepted";

  it.each([
    ["a plain day", "2026-06-10T07:00:00Z", "2026-06-11T07:00:00Z"],
    ["23 hours when the clocks go forward", "2026-03-08T08:00:00Z", "2026-03-09T07:00:00Z"],
    ["25 hours when they go back", "2026-11-01T07:00:00Z", "2026-11-02T08:00:00Z"],
  ])("lasts from midnight to midnight in Los Angeles: %s", (_, from, to) => {
    const judge = daily("America/Los_Angeles", 0);
    const justBefore = new Date(Date.parse(to) - 1).toISOString();
    expect(accepts(judge, new Date(Date.parse(from) - 1).toISOString())).toBe(true);
    expect(accepts(judge, from)).toBe(true);
    expect(judge.arrive({ atMs: Date.parse(justBefore), weight: 1, bucket: "a", id: "last" })).toEqual({
      kind: "refused",
      limit: "day",
      retryAfterMs: 1,
    });
    expect(accepts(judge, to)).toBe(true);
  });

  it("resets at its hour, by a zone of half hours too", () => {
    const judge = daily("Asia/Kolkata", 5);
    expect(accepts(judge, "2026-06-09T23:29:59.999Z")).toBe(true);
    expect(accepts(judge, "2026-06-09T23:30:00Z")).toBe(true);
    expect(accepts(judge, "2026-06-10T23:29:59.999Z")).toBe(false);
  });
});

it("a judge that is told of the past says so", () => {
  const judge = strictPartner([]);
  judge.arrive({ atMs: 5, weight: 1, bucket: "a", id: "1" });
  expect(() => judge.arrive({ atMs: 4, weight: 1, bucket: "a", id: "2" })).toThrow("arrivals are told in order");
});

function verdictsOf(judge: Judge, arriving: readonly ArrivedCall[]): readonly boolean[] {
  return arriving.map((call) => judge.arrive(call).kind === "accepted");
}

function verdictsBy(fits: Fits, arriving: readonly ArrivedCall[]): readonly boolean[] {
  const accepted: ArrivedCall[] = [];
  return arriving.map((call) => {
    const verdict = fits(accepted, call);
    if (verdict) accepted.push(call);
    return verdict;
  });
}

function total(calls: readonly { readonly weight: number }[]): number {
  return calls.reduce((sum, { weight }) => sum + weight, 0);
}
