import type { Random } from "./ports.ts";

export interface BackoffBounds {
  /** The longest wait after the first failure. */
  readonly baseMs: number;
  /** The longest wait ever. */
  readonly delayMsMax: number;
}

/**
 * How long to wait after the `attempts`-th failure in a row (1 is the first): full jitter, so anything from nothing to twice as
 * much for each failure. https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * @example
 * const delayMs = Math.max(error.retryAfterMs ?? 0, fullJitterMs(attempts, { baseMs: 1_000, delayMsMax: 1_800_000 }, random));
 */
export function fullJitterMs(attempts: number, bounds: BackoffBounds, random: Pick<Random, "unit">): number {
  // 2 ** 30 already passes every bound, and a larger power would only lose precision.
  const doublings = Math.min(30, Math.max(0, attempts - 1));
  const ceilingMs = Math.min(bounds.delayMsMax, bounds.baseMs * 2 ** doublings);
  return Math.floor(random.unit() * (ceilingMs + 1));
}
