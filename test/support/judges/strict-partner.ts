import { concurrencyMeter } from "./concurrency.ts";
import { fixedWindowMeter } from "./fixed-window.ts";
import type { FixedWindowRule } from "./fixed-window.ts";
import { judgeOf } from "./judge.ts";
import type { Judge, Meter } from "./judge.ts";
import { perBucketMeter } from "./per-bucket.ts";
import { slidingWindowMeter } from "./sliding-window.ts";
import { tokenBucketMeter } from "./token-bucket.ts";

/** A limit as a partner documents it. Weights count in every kind; `perBucket` counts each endpoint apart. */
export type PartnerLimit = { readonly name: string; readonly perBucket?: boolean } & (
  | { readonly kind: "slidingWindow"; readonly requests: number; readonly perMs: number }
  | { readonly kind: "tokenBucket"; readonly capacity: number; readonly refill: number; readonly perMs: number }
  | ({ readonly kind: "fixedWindow" } & FixedWindowRule)
  | { readonly kind: "concurrency"; readonly calls: number }
);

/** Judges every arrival by all of the limits, with no allowance. Shares no code with the gate that it judges. */
export function strictPartner(limits: readonly PartnerLimit[]): Judge {
  return judgeOf(
    limits.map((limit) =>
      limit.perBucket === true ? perBucketMeter(limit.name, () => meterOf(limit)) : meterOf(limit),
    ),
  );
}

function meterOf(limit: PartnerLimit): Meter {
  switch (limit.kind) {
    case "slidingWindow":
      return slidingWindowMeter(limit.name, limit);
    case "tokenBucket":
      return tokenBucketMeter(limit.name, limit);
    case "fixedWindow":
      return fixedWindowMeter(limit.name, limit);
    case "concurrency":
      return concurrencyMeter(limit.name, limit);
  }
}
