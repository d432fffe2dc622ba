import { UsageError } from "../usage-error.ts";

const unitsMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** How long ago, or in how long: `3 min ago`, `in 2 h`; null is never. */
export function relative(iso: string | null, nowMs: number): string | null {
  if (iso === null) return null;
  const distanceMs = Date.parse(iso) - nowMs;
  const size = sizeOf(Math.abs(distanceMs));
  return distanceMs <= 0 ? `${size} ago` : `in ${size}`;
}

function sizeOf(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 48 * 3_600_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

/** A moment as people write it: `2h`, `30m`, `7d` ago, or a date, or a time of ISO 8601. */
export function momentOf(text: string, nowMs: number): string {
  const [, count, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const unitMs = unitsMs[unit];
  if (count !== undefined && unitMs !== undefined) return new Date(nowMs - Number(count) * unitMs).toISOString();
  const atMs = /^\d{4}-\d{2}-\d{2}(?:$|T)/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs)) throw new UsageError(`--since ${text}: give 2h, 30m or 7d, or a date such as 2026-03-01.`);
  return new Date(atMs).toISOString();
}

/** A length of time as people write it, in milliseconds: `90s`, `10m`, `2h`. */
export function durationOf(text: string, option: string): number {
  const [, count, unit = ""] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  const unitMs = unitsMs[unit];
  if (count === undefined || unitMs === undefined) throw new UsageError(`--${option} ${text}: give 90s, 10m or 2h.`);
  return Number(count) * unitMs;
}
