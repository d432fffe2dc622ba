import type { ParsedAnswer, PartnerDriver } from "../define-partner.ts";
import type { LimitHints, RemainingHint } from "../ports.ts";
import { etherscanTextHints } from "./etherscan-text.ts";
import { boundedAtMs, isRefusal, windowsMax } from "./hint-bounds.ts";
import { defaultHintSources } from "./hint-source.ts";
import type { HintSource, SourceHints } from "./hint-source.ts";
import { rateLimitFieldHints } from "./rate-limit-fields.ts";
import { retryAfterMsOf } from "./retry-after.ts";
import { shopifyCallLimitHints } from "./shopify-call-limit.ts";
import { shopifyCostHints } from "./shopify-cost.ts";
import { stripeReasonHints } from "./stripe-reason.ts";
import { xRateLimitHints } from "./x-rate-limit.ts";

/**
 * What an answer says of its partner's limits, from the sources that the driver names, the strictest where they differ.
 * Times are between `nowMs` and a day later, counts whole and not negative; what cannot be read says nothing. Never throws.
 * An answer that turns us away with a window used up means "not before it resets".
 *
 * @example
 * const hints = hintsOf(driver, { status: 429, headers: { "retry-after": "30" }, body: null }, nowMs);
 * hints.notBeforeMs; // nowMs + 30_000
 */
export function hintsOf(driver: Pick<PartnerDriver, "hints">, answer: ParsedAnswer, nowMs: number): LimitHints {
  const found = (driver.hints ?? defaultHintSources).map((source) => readers[source](answer, nowMs));
  const remaining = found.flatMap((hints) => hints.remaining ?? []).slice(0, windowsMax);
  const wishes = found.flatMap((hints) => hints.notBeforeMs ?? []);
  const resets = isRefusal(answer.status) ? remaining.flatMap(usedUpUntil) : [];
  // A partner's own wish is exact; a window's reset only stands in for it.
  const notBeforeMs = latest(wishes) ?? latest(resets);
  return {
    notBeforeMs: notBeforeMs === null ? null : boundedAtMs(notBeforeMs, nowMs),
    remaining,
    reason: found.find((hints) => hints.reason !== undefined)?.reason ?? null,
    usedWeight: latest(found.flatMap((hints) => hints.usedWeight ?? [])),
  };
}

const readers: Readonly<Record<HintSource, (answer: ParsedAnswer, nowMs: number) => SourceHints>> = {
  "retry-after": retryAfterHints,
  "x-rate-limit": xRateLimitHints,
  "rate-limit-fields": rateLimitFieldHints,
  "shopify-call-limit": shopifyCallLimitHints,
  "shopify-cost": shopifyCostHints,
  "stripe-reason": stripeReasonHints,
  "etherscan-text": etherscanTextHints,
};

function retryAfterHints(answer: ParsedAnswer, nowMs: number): SourceHints {
  if (!isRefusal(answer.status)) return {};
  const afterMs = retryAfterMsOf(answer.headers["retry-after"], nowMs);
  return afterMs === null ? {} : { notBeforeMs: nowMs + afterMs };
}

function usedUpUntil(hint: RemainingHint): readonly number[] {
  return hint.remaining === 0 && hint.resetAtMs !== null ? [hint.resetAtMs] : [];
}

function latest(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.max(...values);
}
