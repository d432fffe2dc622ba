import {
  concurrency,
  fixedWindow,
  learnt,
  slidingWindow,
  tokenBucket,
} from "../../../lib/engine/gate/limit-declarations.ts";
import type { LimitDeclaration, LimitOwner } from "../../../lib/engine/gate/limit-rule.ts";
import type { PartnerLimit } from "../../support/judges/strict-partner.ts";

/** One partner's limits, as its driver declares them and as the partner itself counts. */
export interface Regime {
  readonly name: string;
  readonly declared: readonly LimitDeclaration[];
  readonly counted: readonly CountedLimit[];
  /** How many units a page of a list costs; one thing costs 1. */
  readonly pageWeight?: number;
  /** Documented nowhere: it is found by being refused. */
  readonly isHidden?: true;
  /** Another application calls as often under the same limit. */
  readonly othersEveryMs?: number;
  /** Every answer says in `X-RateLimit-…` headers what is left of the first limit, a window of the clock's. */
  readonly tellsRemaining?: true;
}

export interface CountedLimit {
  readonly per: Extract<LimitOwner, "app" | "account" | "endpoint">;
  readonly limit: PartnerLimit;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** The gate's bound is judged, and not how much is left to others: so all of the limit is used. */
const share = 1;

const minuteOfTheClock = { requests: 60, perMs: minute, resets: { kind: "aligned", offsetMs: 0 } } as const;

export const regimes: readonly Regime[] = [
  windows("10/s and 100/min", [10, second], [100, minute]),
  windows("25/s", [25, second]),
  windows("3/s", [3, second]),
  windows("15/s, 120/min and 5,000/h", [15, second], [120, minute], [5_000, hour]),
  windows("1/s", [1, second]),
  { ...windows("8 units a second, a page costs 5", [8, second]), pageWeight: 5 },
  {
    name: "a bucket of 20, 2 back a second",
    declared: [tokenBucket({ per: "account", capacity: 20, refill: 2, perMs: second, share })],
    counted: [
      { per: "account", limit: { name: "bucket", kind: "tokenBucket", capacity: 20, refill: 2, perMs: second } },
    ],
  },
  {
    name: "120 a minute, counted by the clock",
    declared: [
      fixedWindow({ per: "account", requests: 120, perMs: minute, resets: { kind: "aligned", offsetMs: 0 }, share }),
    ],
    counted: [
      {
        per: "account",
        limit: {
          name: "minute",
          kind: "fixedWindow",
          requests: 120,
          perMs: minute,
          resets: { kind: "aligned", offsetMs: 0 },
        },
      },
    ],
  },
  {
    name: "4/s for each endpoint inside 6/s",
    declared: [
      slidingWindow({ per: "endpoint", requests: 4, perMs: second, share }),
      slidingWindow({ per: "account", requests: 6, perMs: second, share }),
    ],
    counted: [
      {
        per: "endpoint",
        limit: { name: "endpoint", kind: "slidingWindow", requests: 4, perMs: second, perBucket: true },
      },
      { per: "account", limit: { name: "account", kind: "slidingWindow", requests: 6, perMs: second } },
    ],
  },
  {
    name: "5/s for the whole app",
    declared: [slidingWindow({ per: "app", requests: 5, perMs: second, share })],
    counted: [{ per: "app", limit: { name: "app", kind: "slidingWindow", requests: 5, perMs: second } }],
  },
  {
    name: "3/s for each account inside 5/s for the whole app",
    declared: [
      slidingWindow({ per: "app", requests: 5, perMs: second, share }),
      slidingWindow({ per: "account", requests: 3, perMs: second, share }),
    ],
    counted: [
      { per: "app", limit: { name: "app", kind: "slidingWindow", requests: 5, perMs: second } },
      { per: "account", limit: { name: "account", kind: "slidingWindow", requests: 3, perMs: second } },
    ],
  },
  {
    name: "2 at once, 10/s",
    declared: [
      concurrency({ per: "account", calls: 2, share }),
      slidingWindow({ per: "account", requests: 10, perMs: second, share }),
    ],
    counted: [
      { per: "account", limit: { name: "at once", kind: "concurrency", calls: 2 } },
      { per: "account", limit: { name: "account", kind: "slidingWindow", requests: 10, perMs: second } },
    ],
  },
  {
    name: "1/s, which nobody documents",
    declared: [learnt({ per: "account", startPerSecond: 2, min: 0.2, max: 20 })],
    counted: [{ per: "account", limit: { name: "hidden", kind: "slidingWindow", requests: 1, perMs: second } }],
    isHidden: true,
  },
  {
    name: "10/s, of which another application takes 3",
    declared: [slidingWindow({ per: "account", requests: 10, perMs: second, share: 0.7 })],
    counted: [{ per: "account", limit: { name: "shared", kind: "slidingWindow", requests: 10, perMs: second } }],
    // Never more than 3 within a second.
    othersEveryMs: 350,
  },
  {
    name: "60 a minute, counted by the clock and told by headers",
    declared: [fixedWindow({ per: "account", ...minuteOfTheClock })],
    counted: [{ per: "account", limit: { name: "minute", kind: "fixedWindow", ...minuteOfTheClock } }],
    tellsRemaining: true,
  },
];

function windows(name: string, ...tiers: readonly (readonly [number, number])[]): Regime {
  return {
    name,
    declared: tiers.map(([requests, perMs]) => slidingWindow({ per: "account", requests, perMs, share })),
    counted: tiers.map(([requests, perMs]) => ({
      per: "account",
      limit: { name: `${requests}/${perMs} ms`, kind: "slidingWindow", requests, perMs },
    })),
  };
}
