/** A wish for longer is cut to this: one wrong header must not silence a partner for a year. */
export const hintMsMax = 86_400_000;
/** What a partner says of more windows than this is not read. */
export const windowsMax = 16;
/** A longer header is none of ours. */
export const headerLengthMax = 4_096;

/** A moment between now and a day ahead, in whole milliseconds, never early. */
export function boundedAtMs(atMs: number, nowMs: number): number {
  if (Number.isNaN(atMs)) return nowMs;
  return Math.ceil(Math.min(nowMs + hintMsMax, Math.max(nowMs, atMs)));
}

const windowMsMax = 31 * 86_400_000;

/** A window's length in whole milliseconds; null for none and for more than a month, which is no window that we keep. */
export function boundedWindowMs(perMs: number): number | null {
  return perMs > 0 && perMs <= windowMsMax ? Math.ceil(perMs) : null;
}

/** An answer whose words about time are about calling at all; a 202's `Retry-After` is about that one thing. */
export function isRefusal(status: number): boolean {
  return status === 429 || status === 403 || status >= 500;
}
