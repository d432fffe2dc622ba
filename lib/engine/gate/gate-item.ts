import { createHash } from "node:crypto";
import type { BucketScope } from "../ports.ts";
import type { LearntRate } from "./learnt-rate.ts";
import type { RecentUser } from "./recent-users.ts";

/** What was lately used of the limits that share one item. A bucket that is absent is free. */
export interface GateItem {
  readonly buckets: Readonly<Record<string, Bucket>>;
  readonly users: readonly RecentUser[];
  /** When the webhooks' lane last took a token; 0 for never. */
  readonly highAtMs: number;
  /** Refusals of the partner without a word of when to come back, one after the other. */
  readonly strikes: { readonly count: number; readonly atMs: number };
}

export interface Bucket {
  readonly use: BucketUse;
  /** The partner asked us to stay away until then; 0 for never. */
  readonly blockedUntilMs: number;
  /** From then on nothing in it counts any more, by any clock within the bounds. */
  readonly untilMs: number;
}

export type BucketUse =
  | { readonly kind: "log"; readonly unitMs: number; readonly entries: readonly LogEntry[] }
  | { readonly kind: "level"; readonly emptyAtMs: number }
  | { readonly kind: "windows"; readonly windows: readonly CountedWindow[] }
  | { readonly kind: "learnt"; readonly emptyAtMs: number; readonly rate: LearntRate };

/** So many units dated from `firstMs` to `lastMs`, both included: each counts as if it were dated at the worse of all of these. */
export interface LogEntry {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly weight: number;
}

export interface CountedWindow {
  readonly startMs: number;
  readonly used: number;
}

export const emptyGateItem: GateItem = { buckets: {}, users: [], highAtMs: 0, strikes: { count: 0, atMs: 0 } };

/** Short, because endpoints' names are long and the item is not. */
export function bucketKeyOf(scope: Pick<BucketScope, "bucket">): string {
  return createHash("sha256").update(scope.bucket).digest("base64url").slice(0, 6);
}
