import type { ParsedAnswer } from "../define-partner.ts";
import type { RemainingHint } from "../ports.ts";
import { countOf, resetAtMsOf } from "./header-number.ts";
import type { SourceHints } from "./hint-source.ts";

/**
 * `X-RateLimit-Limit`, `-Remaining`, `-Reset` and `X-Rate-Limit-…`: nobody's standard, so everybody's own. GitHub's reset is
 * a moment (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api), others' a delay; Guesty puts the window into
 * the name (https://open-api-docs.guesty.com/docs/rate-limits: `X-RateLimit-Remaining-Minute`).
 */
export function xRateLimitHints(answer: ParsedAnswer, nowMs: number): SourceHints {
  return { remaining: ["x-ratelimit", "x-rate-limit"].flatMap((prefix) => windowsUnder(prefix, answer, nowMs)) };
}

const windows: readonly (readonly [suffix: string, perMs: number | null])[] = [
  ["", null],
  ["-second", 1_000],
  ["-minute", 60_000],
  ["-hour", 3_600_000],
  ["-day", 86_400_000],
];

/** The triples of headers that begin alike, one for each window that has a name; see `xRateLimitHints`. */
export function windowsUnder(prefix: string, answer: ParsedAnswer, nowMs: number): readonly RemainingHint[] {
  return windows.flatMap(([suffix, perMs]) => {
    const value = (what: string): string | undefined => answer.headers[`${prefix}-${what}${suffix}`];
    const resetAtMs = resetAtMsOf(value("reset"), nowMs);
    const remaining = countOf(value("remaining")) ?? leftAfter(answer, resetAtMs);
    return remaining === null ? [] : [{ perMs, remaining, resetAtMs, limit: countOf(value("limit")) }];
  });
}

/** Turned away with nothing but a time of reset: the window is used up. */
function leftAfter(answer: ParsedAnswer, resetAtMs: number | null): number | null {
  return answer.status === 429 && resetAtMs !== null ? 0 : null;
}
