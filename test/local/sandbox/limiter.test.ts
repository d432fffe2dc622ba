import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JournalEntry } from "../../../lib/local/sandbox/journal-entry.ts";
import { Limiter, type LimitRule } from "../../../lib/local/sandbox/limiter.ts";
import { strictPartner } from "../../support/judges/strict-partner.ts";
import type { PartnerLimit } from "../../support/judges/strict-partner.ts";

const perSecond = (limit: number, scope = "endpoint"): LimitRule => ({
  kind: "rate",
  scope,
  limit,
  windowMs: 1_000,
  reason: scope,
});

function admitted(limiter: Limiter, rules: readonly LimitRule[], atMs: number): boolean {
  return limiter.judge(rules, atMs).kind === "admitted";
}

describe("a sliding window", () => {
  test("takes its limit and not one more", () => {
    const limiter = new Limiter();
    const answers = Array.from({ length: 27 }, (_, index) => admitted(limiter, [perSecond(25)], index));
    expect(answers.filter(Boolean)).toHaveLength(25);
    expect(answers.slice(25)).toEqual([false, false]);
  });

  test("is left after its whole length, not a ten-thousandth of a millisecond before", () => {
    const limiter = new Limiter();
    for (let count = 0; count < 25; count += 1) limiter.judge([perSecond(25)], 5_000);
    expect(admitted(limiter, [perSecond(25)], 5_999.9999)).toBe(false);
    expect(admitted(limiter, [perSecond(25)], 6_000)).toBe(true);
  });

  test("does not start afresh on the second, as a fixed one would", () => {
    const limiter = new Limiter();
    for (let count = 0; count < 25; count += 1) limiter.judge([perSecond(25)], 5_900);
    expect(admitted(limiter, [perSecond(25)], 6_100)).toBe(false);
  });

  test("counts refused arrivals in what it reports and not in what it holds", () => {
    const limiter = new Limiter();
    limiter.judge([perSecond(1)], 0);
    limiter.judge([perSecond(1)], 500);
    const third = limiter.judge([perSecond(1)], 900);
    expect(third.kind === "refused" && third.refusals[0].count).toBe(3);
    expect(admitted(limiter, [perSecond(1)], 1_000)).toBe(true);
  });

  test("an arrival that one scope refuses burns nothing of the other", () => {
    const limiter = new Limiter();
    const rules = [perSecond(3, "account"), perSecond(1, "endpoint a")];
    for (let count = 0; count < 5; count += 1) limiter.judge(rules, 0);
    const others = [perSecond(3, "account"), perSecond(9, "endpoint b")];
    expect([1, 2, 3].map(() => admitted(limiter, others, 1))).toEqual([true, true, false]);
  });

  test("never holds more than its limit, whatever arrives", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 400, noNaN: true }), { maxLength: 120 }),
        fc.integer({ min: 1, max: 8 }),
        (gapsMs, limit) => {
          const limiter = new Limiter();
          const admittedAtMs: number[] = [];
          let nowMs = 0;
          for (const gapMs of gapsMs) {
            nowMs += gapMs;
            const inWindow = admittedAtMs.filter((atMs) => nowMs - atMs < 1_000).length;
            const taken = admitted(limiter, [perSecond(limit)], nowMs);
            expect(taken).toBe(inWindow < limit);
            if (taken) admittedAtMs.push(nowMs);
          }
        },
      ),
    );
  });
});

describe("against a strict partner of the same kind, which shares no code with it", () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 80 });
  const scope = { scope: "account", reason: "account" };
  const kinds = fc.record({
    limit: fc.integer({ min: 1, max: 8 }),
    perMs: fc.integer({ min: 1, max: 60 }),
    other: fc.integer({ min: 1, max: 6 }),
  });
  const verdicts = (rule: LimitRule, partner: PartnerLimit, arriving: readonly number[], restartAt: number) => {
    let limiter = new Limiter();
    const judge = strictPartner([partner]);
    const admittedAtMs: number[] = [];
    let atMs = 1_000;
    return arriving.map((gapMs, index) => {
      atMs += gapMs;
      if (index === restartAt) {
        limiter = new Limiter();
        for (const earlierMs of admittedAtMs) limiter.apply(answerAt(earlierMs, rule.scope), false);
      }
      const ours = admitted(limiter, [rule], atMs);
      if (ours) admittedAtMs.push(atMs);
      return [ours, judge.arrive({ atMs, weight: 1, bucket: "a", id: String(index) }).kind === "accepted"] as const;
    });
  };

  test.each(["bucket", "fixed"] as const)("%s, restarts included", (kind) => {
    fc.assert(
      fc.property(kinds, gaps, fc.nat(80), ({ limit, perMs, other }, arriving, restartAt) => {
        const [rule, partner]: [LimitRule, PartnerLimit] =
          kind === "bucket"
            ? [
                { ...scope, kind, limit, refill: other, perMs },
                { name: kind, kind: "tokenBucket", capacity: limit, refill: other, perMs },
              ]
            : [
                { ...scope, kind, limit, windowMs: perMs, offsetMs: other },
                {
                  name: kind,
                  kind: "fixedWindow",
                  requests: limit,
                  perMs,
                  resets: { kind: "aligned", offsetMs: other },
                },
              ];
        for (const [ours, strict] of verdicts(rule, partner, arriving, restartAt)) expect(ours).toBe(strict);
      }),
    );
  });

  test("a day, over both changes of the clock", () => {
    const zone = { timeZone: "America/Los_Angeles", hour: 2 };
    const day: PartnerLimit = {
      name: "day",
      kind: "fixedWindow",
      requests: 2,
      perMs: 86_400_000,
      resets: { kind: "daily", ...zone },
    };
    for (const around of ["2026-03-08T10:00:00Z", "2026-11-01T09:00:00Z"]) {
      const limiter = new Limiter();
      const judge = strictPartner([day]);
      for (let hour = -30; hour <= 30; hour += 1) {
        const atMs = Date.parse(around) + hour * 3_600_000;
        const strict = judge.arrive({ atMs, weight: 1, bucket: "a", id: `${around} ${hour}` }).kind === "accepted";
        expect(admitted(limiter, [{ ...scope, kind: "daily", limit: 2, ...zone }], atMs)).toBe(strict);
      }
    }
  });
});

describe("a limit on how many at once", () => {
  const atOnce: LimitRule = { kind: "concurrency", scope: "account", limit: 2, reason: "global-concurrency" };

  test("is freed by each end once", () => {
    const limiter = new Limiter();
    const first = limiter.judge([atOnce], 0);
    limiter.judge([atOnce], 0);
    expect(admitted(limiter, [atOnce], 0)).toBe(false);
    if (first.kind === "admitted") {
      first.release();
      first.release();
    }
    expect([1, 2].map(() => admitted(limiter, [atOnce], 0))).toEqual([true, false]);
  });
});

/** What a journal keeps of an admitted arrival. */
function answerAt(atMs: number, scope: string): JournalEntry {
  const call = { method: "GET", template: "/v1/charges", query: "", status: 200, single: false } as const;
  const carried = { references: [], snapshots: [], deliberate: null, scopes: [scope] };
  return { kind: "answer", number: 1, atMs, account: "account", ...call, ...carried };
}
