import { headerLengthMax, hintMsMax } from "./hint-bounds.ts";

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * What a `Retry-After` asks for, in milliseconds from now: whole or decimal seconds, or one of the three HTTP dates
 * (https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3). Of several, joined by commas, the longest. A past date is 0;
 * what cannot be read is null; never above a day.
 *
 * @example
 * retryAfterMsOf("120", nowMs); // 120_000
 */
export function retryAfterMsOf(value: string | undefined, nowMs: number): number | null {
  const text = value?.trim() ?? "";
  if (text.length === 0 || text.length > headerLengthMax) return null;
  // Decimals are not in the standard, but servers send them.
  if (/^\d+(?:\.\d+)?(?:\s*,\s*\d+(?:\.\d+)?)*$/.test(text)) {
    const seconds = Math.max(...text.split(",").map(Number));
    return Math.min(hintMsMax, Math.ceil(seconds * 1000));
  }
  const atMs = httpDateMs(text, nowMs);
  return atMs === null ? null : Math.min(hintMsMax, Math.max(0, atMs - nowMs));
}

// A day of one digit and `UTC` are not in the standard, but servers send them. `Date.parse` reads far more than dates ("retry 5" is a day in May 2001) and takes asctime's form for local time.
const fixdate =
  /^[A-Z][a-z]{2}, (?<day>\d{1,2}) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<time>\d{2}:\d{2}:\d{2}) (?:GMT|UTC)$/;
const rfc850 = /^[A-Z][a-z]{5,8}, (?<day>\d{2})-(?<month>[A-Z][a-z]{2})-(?<year>\d{2}) (?<time>\d{2}:\d{2}:\d{2}) GMT$/;
const asctime = /^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<time>\d{2}:\d{2}:\d{2}) (?<year>\d{4})$/;

/** Milliseconds since 1970 of one of the three HTTP dates; null for anything else. */
export function httpDateMs(text: string, nowMs: number): number | null {
  const parts = (fixdate.exec(text) ?? rfc850.exec(text) ?? asctime.exec(text))?.groups;
  if (parts === undefined) return null;
  const month = months.indexOf(parts["month"] ?? "");
  const day = Number(parts["day"]);
  const [hour, minute, second] = (parts["time"] ?? "").split(":").map(Number);
  if (month < 0 || day < 1 || day > 31 || hour === undefined || minute === undefined || second === undefined)
    return null;
  if (hour > 23 || minute > 59 || second > 60) return null;
  return Date.UTC(fullYear(parts["year"] ?? "", nowMs), month, day, hour, minute, second);
}

/** Two digits that would lie more than 50 years ahead mean the past, as RFC 9110 rules. */
function fullYear(digits: string, nowMs: number): number {
  if (digits.length === 4) return Number(digits);
  const nowYear = new Date(nowMs).getUTCFullYear();
  const year = nowYear - (nowYear % 100) + Number(digits);
  return year > nowYear + 50 ? year - 100 : year;
}
