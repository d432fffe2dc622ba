import type { LimitHints } from "../ports.ts";

/** What of an answer a partner speaks of its limits in; one parser each in this folder. */
export type HintSource =
  | "retry-after"
  /** `X-RateLimit-Limit`, `-Remaining`, `-Reset` and the like, also with a window in the name. */
  | "x-rate-limit"
  /** `RateLimit` and `RateLimit-Policy`, and the three fields that earlier drafts had in their place. */
  | "rate-limit-fields"
  | "shopify-call-limit"
  | "shopify-cost"
  | "stripe-reason"
  | "etherscan-text";

/** What is read where a driver does not say: headers that mean the same wherever they are sent. */
export const defaultHintSources: readonly HintSource[] = ["retry-after", "rate-limit-fields", "x-rate-limit"];

/** What one source says; what is absent it does not speak of. */
export type SourceHints = Partial<LimitHints>;
