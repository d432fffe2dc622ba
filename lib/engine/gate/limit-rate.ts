import type { LimitRule } from "./limit-rule.ts";

/** What a limit lets through in the long run; null where time does not bound it. */
export function rateOf(rule: LimitRule): { readonly requests: number; readonly perMs: number } | null {
  switch (rule.kind) {
    case "slidingWindow":
    case "fixedWindow":
      return { requests: rule.requests, perMs: rule.perMs };
    case "tokenBucket":
      return { requests: rule.refill, perMs: rule.perMs };
    case "learnt":
      return { requests: rule.maxPerSecond, perMs: 1_000 };
    case "concurrency":
      return null;
  }
}
