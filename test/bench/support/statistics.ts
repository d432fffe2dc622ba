/** What many measurements of one thing say: the middle, the middle half, and the ends. */
export interface Summary {
  readonly median: number;
  /** A quarter of the measurements lies below. */
  readonly low: number;
  /** A quarter of the measurements lies above. */
  readonly high: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

/** @throws {RangeError} when there is nothing to summarise, or something in it is no number */
export function summarise(values: readonly number[]): Summary {
  if (values.length === 0 || !values.every(Number.isFinite))
    throw new RangeError("a summary needs at least one measurement, and numbers only");
  const sorted = values.toSorted((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
    min: quantile(sorted, 0),
    max: quantile(sorted, 1),
    count: sorted.length,
  };
}

/** Of a sorted list, between its neighbours where it falls between two. */
function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? 0;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}

/** A share (0.5 is 50 %) that a ratio must not pass, in one direction. */
export type Bound = { readonly kind: "at-most" | "at-least"; readonly limit: number };

export function isWithin(bound: Bound, ratio: number): boolean {
  return bound.kind === "at-most" ? ratio <= bound.limit : ratio >= bound.limit;
}
