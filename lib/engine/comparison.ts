import * as z from "zod";

/** A sample of a resource's records compared with the partner, one by one: the last of each resource is kept. */
export interface Comparison {
  readonly id: string;
  readonly askedAtMs: number;
  readonly updatedAtMs: number;
  readonly sample: number;
  /** null until the sample is taken; without an outcome until a thing was fetched. */
  readonly things: readonly ComparedThing[] | null;
}

export interface ComparedThing {
  readonly externalId: string;
  readonly outcome: Compared | null;
}

/**
 * `different`: the partner has another state, which is stored now. `gone`: it has the thing no more, and a tombstone is stored.
 * `unfit`: what it sent does not fit the schema and is parked. `refused`: it would not give the thing.
 */
export const comparedOutcomes = ["same", "different", "gone", "unfit", "refused"] as const;
export type Compared = (typeof comparedOutcomes)[number];

export const sampleMax = 50;

export function comparisonName(resource: string): string {
  return `compare-${resource}`;
}

const Body: z.ZodType<Comparison> = z.object({
  id: z.string(),
  askedAtMs: z.number(),
  updatedAtMs: z.number(),
  sample: z.int(),
  things: z.array(z.object({ externalId: z.string(), outcome: z.enum(comparedOutcomes).nullable() })).nullable(),
});

/** null for what this version did not write. */
export function readComparison(body: unknown): Comparison | null {
  return Body.safeParse(body).data ?? null;
}

export function isOver({ things }: Comparison): boolean {
  return things !== null && things.every(({ outcome }) => outcome !== null);
}

export function withOutcome(comparison: Comparison, externalId: string, outcome: Compared, nowMs: number): Comparison {
  const things = (comparison.things ?? []).map((thing) =>
    thing.externalId === externalId ? { ...thing, outcome } : thing,
  );
  return { ...comparison, things, updatedAtMs: nowMs };
}
