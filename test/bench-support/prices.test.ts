import { expect, test } from "vitest";
import { priceByLine } from "../bench/support/prices.ts";

test("a price is the sum of its lines, for a million times the amounts", () => {
  // 1 kB of logs is half a dollar a million: $0.50 a gigabyte.
  expect(priceByLine({ sqsRequests: 2, logGigabytes: 1e-6 })).toEqual({
    sqsRequests: 0.8,
    logGigabytes: 0.5,
    total: 1.3,
  });
});
