import type { ParsedAnswer } from "../define-partner.ts";
import type { LimitHints } from "../ports.ts";
import type { SourceHints } from "./hint-source.ts";

/** Which of Stripe's limits a 429 met: `Stripe-Rate-Limited-Reason` (https://docs.stripe.com/rate-limits). */
export function stripeReasonHints(answer: ParsedAnswer): SourceHints {
  const reason = reasons.get(answer.headers["stripe-rate-limited-reason"]?.trim().toLowerCase() ?? "");
  return reason === undefined ? {} : { reason };
}

const reasons: ReadonlyMap<string, NonNullable<LimitHints["reason"]>> = new Map([
  ["global-rate", "account"],
  ["endpoint-rate", "endpoint"],
  ["global-concurrency", "concurrency"],
  ["endpoint-concurrency", "concurrency"],
  // One thing's own limit, such as the updates of a payment intent: the endpoint is the narrowest bucket that holds it.
  ["resource-specific", "endpoint"],
]);
