import type { LogEntry } from "./gate-item.ts";

/** At most `count` units in any `spanMs` of dates. */
export interface LogBound {
  readonly count: number;
  readonly spanMs: number;
}

/**
 * The earliest date from `fromMs` on at which `weight` more units keep the bound. Entries are in order and apart; dates are
 * whole milliseconds, so two of them share a span when they are less than `spanMs` apart. `weight` is at most `count`.
 */
export function earliestInLog(
  entries: readonly LogEntry[],
  fromMs: number,
  weight: number,
  { count, spanMs }: LogBound,
): number {
  let dateMs = fromMs;
  for (;;) {
    const laterMs = crowdedUntil(entries, dateMs, count - weight, spanMs);
    if (laterMs === null) return dateMs;
    dateMs = laterMs;
  }
}

/**
 * null when every span that holds `dateMs` has room. Otherwise no date before the one that is answered will do: up to it, a span
 * can be laid that holds the date and the same units.
 */
function crowdedUntil(entries: readonly LogEntry[], dateMs: number, room: number, spanMs: number): number | null {
  let left = entries.findIndex((entry) => entry.lastMs > dateMs - spanMs);
  if (left < 0) return null;
  let laterMs: number | null = null;
  let right = left;
  let held = 0;
  // Each span begins as late as it can and still hold the entry on its left and the date.
  for (let entry = entries[left]; entry !== undefined; entry = entries[(left += 1)]) {
    const startMs = Math.min(dateMs, entry.lastMs);
    for (let next = entries[right]; next !== undefined && next.firstMs < startMs + spanMs; next = entries[(right += 1)])
      held += next.weight;
    if (held > room) laterMs = Math.max(laterMs ?? 0, shedAtMs(entries, left, held - room, spanMs));
    if (entry.lastMs >= dateMs) return laterMs;
    held -= entry.weight;
  }
  return laterMs;
}

/** When a span can have left so much behind, from the entry at `left` on. */
function shedAtMs(entries: readonly LogEntry[], left: number, excess: number, spanMs: number): number {
  let shed = 0;
  for (const entry of entries.slice(left)) {
    shed += entry.weight;
    if (shed >= excess) return entry.lastMs + spanMs;
  }
  throw new Error(`a span holds ${excess} units more than its entries`);
}

/** The log with `weight` more at `dateMs`. */
export function addToLog(entries: readonly LogEntry[], dateMs: number, weight: number): LogEntry[] {
  const index = entries.findIndex((entry) => entry.lastMs >= dateMs);
  const at = entries[index];
  if (at === undefined) return [...entries, { firstMs: dateMs, lastMs: dateMs, weight }];
  if (at.firstMs <= dateMs) return entries.with(index, { ...at, weight: at.weight + weight });
  return entries.toSpliced(index, 0, { firstMs: dateMs, lastMs: dateMs, weight });
}

/** The log without `weight` of what was dated `dateMs`; what is there no more is not missed. */
export function takeOffLog(entries: readonly LogEntry[], dateMs: number, weight: number): LogEntry[] {
  return entries.flatMap((entry) => {
    if (entry.firstMs > dateMs || entry.lastMs < dateMs) return [entry];
    return entry.weight > weight ? [{ ...entry, weight: entry.weight - weight }] : [];
  });
}

/** How many units may have been dated in the `spanMs` that end with `dateMs`. */
export function heldInLog(entries: readonly LogEntry[], dateMs: number, spanMs: number): number {
  return entries
    .filter((entry) => entry.firstMs <= dateMs && entry.lastMs > dateMs - spanMs)
    .reduce((sum, entry) => sum + entry.weight, 0);
}

/** Dates in whole units, outwards: never less counted, and an item takes less room. */
export function inUnits(entries: readonly LogEntry[], unitMs: number): LogEntry[] {
  const rounded: LogEntry[] = [];
  for (const entry of entries) {
    const firstMs = Math.floor(entry.firstMs / unitMs) * unitMs;
    const lastMs = Math.floor(entry.lastMs / unitMs) * unitMs + unitMs - 1;
    const before = rounded.at(-1);
    if (before === undefined || before.lastMs < firstMs) rounded.push({ firstMs, lastMs, weight: entry.weight });
    else rounded[rounded.length - 1] = joined(before, { firstMs, lastMs, weight: entry.weight });
  }
  return rounded;
}

export function joined(one: LogEntry, next: LogEntry): LogEntry {
  return {
    firstMs: one.firstMs,
    lastMs: Math.max(one.lastMs, next.lastMs),
    weight: one.weight + next.weight,
  };
}

/** Fine enough to lose less than a thousandth of a span: a power of two. */
export function unitMsFor(spanMs: number): number {
  return 2 ** Math.max(0, Math.floor(Math.log2(spanMs / 4_096)));
}
