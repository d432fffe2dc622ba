import { boundedAtMs, headerLengthMax } from "./hint-bounds.ts";
import { httpDateMs } from "./retry-after.ts";

/**
 * A count in a header: digits, perhaps decimals, which are cut off, perhaps parameters behind a semicolon. Of several, joined by
 * commas, the smallest. null for anything else, negatives included: some partners write -1 for "unlimited".
 *
 * @example
 * countOf("100, 100;w=60"); // 100
 */
export function countOf(value: string | undefined): number | null {
  const numbers = eachNumber(value);
  return numbers === null ? null : Math.floor(Math.min(...numbers));
}

const epochSecondsMin = 1e9;
const epochMsMin = 1e11;

/**
 * When a window resets, between now and a day later: a date (ISO 8601 or HTTP), or a number, which by its size is seconds from now,
 * seconds since 1970, or milliseconds since 1970. Of several the latest; null for what cannot be read.
 *
 * @example
 * resetAtMsOf("30", nowMs); // nowMs + 30_000
 */
export function resetAtMsOf(value: string | undefined, nowMs: number): number | null {
  const text = value?.trim() ?? "";
  const dateMs = isoDateMs(text) ?? httpDateMs(text, nowMs);
  if (dateMs !== null) return boundedAtMs(dateMs, nowMs);
  const numbers = eachNumber(value);
  if (numbers === null) return null;
  return boundedAtMs(Math.max(...numbers.map((number) => momentMs(number, nowMs))), nowMs);
}

/** A delay of 30 years is no delay, and a moment in 1973 is no reset. */
function momentMs(number: number, nowMs: number): number {
  if (number >= epochMsMin) return number;
  return number >= epochSecondsMin ? number * 1000 : nowMs + number * 1000;
}

const isoForm = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?<zone>Z|[+-]\d\d:?\d\d)?$/;

function isoDateMs(text: string): number | null {
  const found = isoForm.exec(text);
  if (found === null) return null;
  // A date without a zone is taken for UTC, whatever zone the machine is in.
  const atMs = Date.parse(found.groups?.["zone"] === undefined ? `${text}Z` : text);
  return Number.isNaN(atMs) ? null : atMs;
}

function eachNumber(value: string | undefined): readonly number[] | null {
  const text = value?.trim() ?? "";
  if (text === "" || text.length > headerLengthMax) return null;
  const parts = text.split(",").map((part) => /^\s*(\d{1,15}(?:\.\d{1,15})?)\s*(?:;[^,]*)?$/.exec(part)?.[1]);
  return parts.every((part) => part !== undefined) ? parts.map(Number) : null;
}
