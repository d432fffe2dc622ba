import { expect, test } from "vitest";
import { fuzzWebhook } from "./fuzz.ts";

test.each([1, 2, 3, 4])(
  "a hundred thousand posts of seed %i come out as they should",
  { timeout: 600_000 },
  async (seed) => {
    const report = await fuzzWebhook({ count: 100_000, seed });
    expect(report.violations).toEqual([]);
    expect(report.queued).toBe(report.accepted);
  },
);
