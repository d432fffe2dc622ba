import type { GateState } from "../ports.ts";
import type { BucketUse, GateItem } from "./gate-item.ts";
import { liveBuckets } from "./reserve-dated.ts";

/** How an item's limits stand, for people to look at: calls that are dated ahead wait for a limit. */
export function standOf(item: GateItem, nowMs: number): GateState {
  const buckets = Object.values(liveBuckets(item, nowMs));
  const ahead = buckets
    .map((bucket) => Math.max(bucket.blockedUntilMs, lastDateMs(bucket.use)))
    .filter((atMs) => atMs > nowMs);
  return { heldUntilMs: ahead.length === 0 ? null : Math.ceil(Math.max(...ahead)), limitsInUse: buckets.length };
}

function lastDateMs(use: BucketUse): number {
  switch (use.kind) {
    case "log":
      return use.entries.at(-1)?.firstMs ?? 0;
    case "level":
    case "learnt":
      return use.emptyAtMs;
    case "windows":
      return 0;
  }
}
