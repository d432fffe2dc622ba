/** How a partner counts, as its documentation says it. A request is a call of weight 1, or a unit where calls weigh differently. */
export type LimitRule =
  /** At most `requests` in any `perMs`. Also right, if a little strict, where a partner only says "15 a second". */
  | { readonly kind: "slidingWindow"; readonly requests: number; readonly perMs: number }
  /** Holds `capacity`, and gets `refill` back each `perMs`: a leaky bucket, Shopify's cost, Stripe's limiter. */
  | { readonly kind: "tokenBucket"; readonly capacity: number; readonly refill: number; readonly perMs: number }
  /** A counter that starts again at set times. */
  | { readonly kind: "fixedWindow"; readonly requests: number; readonly perMs: number; readonly resets: WindowReset }
  /** At most `calls` under way at a time. */
  | { readonly kind: "concurrency"; readonly calls: number }
  /** Nowhere documented: cut when the partner says 429, raised slowly while it does not. */
  | {
      readonly kind: "learnt";
      readonly startPerSecond: number;
      readonly minPerSecond: number;
      readonly maxPerSecond: number;
    };

export type WindowReset =
  /** At every multiple of the window's length since 1970, plus `offsetMs`. */
  | { readonly kind: "aligned"; readonly offsetMs: number }
  /** Once a day when clocks in `timeZone` (an IANA name) show `hour`. */
  | { readonly kind: "daily"; readonly timeZone: string; readonly hour: number };

/** Whose calls a limit counts: all of our app's, one account's, one connection's, one endpoint's of an account, one key's. */
export type LimitOwner = "app" | "account" | "connection" | "endpoint" | "key";

export interface LimitDeclaration {
  readonly per: LimitOwner;
  readonly rule: LimitRule;
  /** How much of the limit to use, in (0, 1]; 0.85 unless said otherwise, as others may share the quota. */
  readonly share?: number;
  /** How far apart two calls may arrive that were dated alike, in ms; see `defaultUncertaintyMs`. */
  readonly uncertaintyMs?: number;
  /** What is kept for webhooks while they use the limit, in [0, 1); 0.2 unless said otherwise. */
  readonly highShare?: number;
}
