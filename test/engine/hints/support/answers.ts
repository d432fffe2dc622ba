import * as fc from "fast-check";
import type { ParsedAnswer } from "../../../../lib/engine/define-partner.ts";
import type { HintSource } from "../../../../lib/engine/hints/hint-source.ts";

export const eachSource: readonly HintSource[] = [
  "retry-after",
  "x-rate-limit",
  "rate-limit-fields",
  "shopify-call-limit",
  "shopify-cost",
  "stripe-reason",
  "etherscan-text",
];

const names = [
  "retry-after",
  ...["x-ratelimit", "x-rate-limit", "ratelimit"].flatMap((prefix) =>
    ["limit", "remaining", "reset"].flatMap((what) => ["", "-second", "-day"].map((end) => `${prefix}-${what}${end}`)),
  ),
  "ratelimit",
  "ratelimit-policy",
  "x-shopify-shop-api-call-limit",
  "stripe-rate-limited-reason",
];

const crumbs = [
  "0",
  "-1",
  "1.5",
  "9".repeat(15),
  "9".repeat(400),
  '"a"',
  ";r=",
  ";t=",
  ";w=",
  ";q=",
  "limit=",
  "=",
  "/",
];
const moreCrumbs = [", ", "remaining=", "reset=", "NaN", "Infinity", "1e9", "2026-11-20T12:00:00", "+99:99", "Z", "-0"];
const dates = [
  "Fri, 20 Nov 2026 12:01:00 GMT",
  "Fri Nov 20 12:01:00 2026",
  "global-rate",
  "(",
  ")",
  "%22",
  ":AA:",
  "@1",
];

/** Nearly a header of a limit: its crumbs in any order, or any text at all. */
const value = fc.oneof(
  fc.array(fc.constantFrom(...crumbs, ...moreCrumbs, ...dates), { maxLength: 8 }).map((parts) => parts.join("")),
  fc.double().map(String),
  fc.integer().map(String),
  fc.string({ unit: "binary" }),
);

const number = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(null, "5", -1, 0, 1e308));

const body = fc.oneof(
  fc.anything(),
  fc.record(
    {
      status: fc.constantFrom("0", "1", 0),
      result: fc.oneof(fc.string(), fc.constantFrom("Max daily rate limit reached", "Max rate limit reached (0/sec)")),
      errors: fc.oneof(fc.anything(), fc.constant([{ extensions: { code: "THROTTLED" } }])),
      extensions: fc.record({
        cost: fc.record(
          {
            requestedQueryCost: number,
            actualQueryCost: number,
            throttleStatus: fc.record({ maximumAvailable: number, currentlyAvailable: number, restoreRate: number }),
          },
          { requiredKeys: ["throttleStatus"] },
        ),
      }),
    },
    { requiredKeys: [] },
  ),
);

/** An answer that may say anything about limits, sense or not. */
export const garbageAnswer: fc.Arbitrary<ParsedAnswer> = fc.record({
  status: fc.constantFrom(200, 202, 403, 429, 500, 503),
  headers: fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 8 }),
  body,
});
