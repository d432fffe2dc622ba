import { describe, expect, test } from "vitest";
import { consumerConcurrencyFor } from "../../lib/constructs/consumer-concurrency.ts";

const limit = (requests: number, perMs: number, share?: number) => ({
  per: "account" as const,
  rule: { kind: "slidingWindow" as const, requests, perMs },
  ...(share === undefined ? {} : { share }),
});

describe("how many workers a lane gets", () => {
  test.each([
    ["the tightest of several limits decides", [limit(100, 1_000), limit(25, 1_000)], 3],
    ["never fewer than a mapping may have", [limit(1, 1_000)], 2],
    ["never more than a lane needs", [limit(10_000, 1_000)], 50],
    ["a partner that states no limit", [], 50],
    ["a share of its own counts", [limit(100, 1_000, 0.5)], 7],
    [
      "no more than may call at once",
      [limit(1_000, 1_000), { per: "account" as const, rule: { kind: "concurrency" as const, calls: 60 }, share: 1 }],
      6,
    ],
  ])("%s", (_, limits, workers) => {
    expect(consumerConcurrencyFor({ limits }, 10)).toBe(workers);
  });
});
