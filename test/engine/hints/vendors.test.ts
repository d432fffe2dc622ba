import { describe, expect, test } from "vitest";
import type { HintSource } from "../../../lib/engine/hints/hint-source.ts";
import { hintsOf } from "../../../lib/engine/hints/limit-hints.ts";

const nowMs = Date.UTC(2026, 10, 20, 12, 0, 0);

function hear(source: HintSource, said: { status?: number; headers?: Record<string, string>; body?: unknown }) {
  const answer = { status: said.status ?? 200, headers: said.headers ?? {}, body: said.body ?? null };
  return hintsOf({ hints: [source] }, answer, nowMs);
}

describe("Shopify's REST bucket", () => {
  const bucket = (value: string) =>
    hear("shopify-call-limit", { headers: { "x-shopify-shop-api-call-limit": value } }).remaining;

  test("has left what is not used", () => {
    expect(bucket("32/40")).toEqual([{ perMs: null, limit: 40, remaining: 8, resetAtMs: null }]);
    expect(bucket("41/40")).toMatchObject([{ remaining: 0 }]);
  });

  test.each(["", "32", "-1/40", "32/", "a/b", "1/2/3", "1.5/40"])("is not guessed at from %j", (value) => {
    expect(bucket(value)).toEqual([]);
  });
});

describe("Shopify's cost", () => {
  const throttleStatus = { maximumAvailable: 2_000, currentlyAvailable: 118, restoreRate: 100 };
  const throttled = { errors: [{ message: "Throttled", extensions: { code: "THROTTLED" } }] };

  test("is what a call took, and what the bucket has left", () => {
    const cost = { requestedQueryCost: 202, actualQueryCost: 46, throttleStatus };
    expect(hear("shopify-cost", { body: { data: {}, extensions: { cost } } })).toEqual({
      notBeforeMs: null,
      remaining: [{ perMs: 20_000, limit: 2_000, remaining: 118, resetAtMs: nowMs + 18_820 }],
      reason: null,
      usedWeight: 46,
    });
  });

  test("says how long to stay away for the points that are missing", () => {
    const cost = { requestedQueryCost: 202, actualQueryCost: null, throttleStatus };
    expect(hear("shopify-cost", { body: { ...throttled, extensions: { cost } } })).toMatchObject({
      notBeforeMs: nowMs + 840,
      usedWeight: null,
    });
  });

  test("of a bucket that is overdrawn leaves nothing", () => {
    const cost = { requestedQueryCost: 50, throttleStatus: { ...throttleStatus, currentlyAvailable: -30.5 } };
    expect(hear("shopify-cost", { body: { ...throttled, extensions: { cost } } })).toMatchObject({
      notBeforeMs: nowMs + 805,
      remaining: [{ remaining: 0 }],
    });
  });

  test.each([
    null,
    "cost",
    {},
    { extensions: { cost: {} } },
    { extensions: { cost: { throttleStatus: { ...throttleStatus, restoreRate: 0 } } } },
    { extensions: { cost: { throttleStatus: { ...throttleStatus, restoreRate: Number.NaN } } } },
    { extensions: { cost: { throttleStatus: { ...throttleStatus, maximumAvailable: "2000" } } } },
  ])("is not guessed at from %j", (body) => {
    expect(hear("shopify-cost", { body }).remaining).toEqual([]);
  });
});

describe("Stripe's reason", () => {
  test.each([
    ["global-rate", "account"],
    ["endpoint-rate", "endpoint"],
    ["global-concurrency", "concurrency"],
    ["endpoint-concurrency", "concurrency"],
    ["resource-specific", "endpoint"],
    ["something-new", null],
    ["constructor", null],
    ["", null],
  ])("%j names the %s", (value, reason) => {
    const headers = { "stripe-rate-limited-reason": value };
    expect(hear("stripe-reason", { status: 429, headers }).reason).toBe(reason);
  });

  test("is absent where another request holds the object", () => {
    expect(hear("stripe-reason", { status: 429 }).reason).toBeNull();
  });
});

describe("Etherscan's text", () => {
  const refused = (result: unknown) => hear("etherscan-text", { body: { status: "0", message: "NOTOK", result } });

  test("turns away for a second", () => {
    expect(refused("Max rate limit reached, please use API Key for higher rate limit")).toEqual({
      notBeforeMs: nowMs + 1_000,
      remaining: [{ perMs: 1_000, limit: null, remaining: 0, resetAtMs: nowMs + 1_000 }],
      reason: "account",
      usedWeight: null,
    });
    expect(refused("Max calls per sec rate limit reached (3/sec)").remaining).toMatchObject([{ limit: 3 }]);
  });

  test("turns away for an hour at a time when it is the day's", () => {
    expect(refused("Max daily rate limit reached")).toMatchObject({ notBeforeMs: nowMs + 3_600_000, remaining: [] });
  });

  test.each([
    "Invalid API Key",
    "Result window is too large",
    "The max rate limit reached nobody",
    "Maximum rate limit reached",
    [],
    null,
    { text: "Max rate limit reached" },
  ])("says nothing in %j", (result) => {
    expect(refused(result)).toMatchObject({ notBeforeMs: null, remaining: [], reason: null });
  });

  test("says nothing where the status is good, whatever a name in it", () => {
    const body = { status: "1", message: "OK", result: "Max rate limit reached" };
    expect(hear("etherscan-text", { body }).notBeforeMs).toBeNull();
  });
});
