import type { Quota } from "./scenario.ts";
import { world } from "./scenario.ts";

/**
 * When one who knows everything would send each job, first come, first served: as soon as every tier has room, a window counted
 * as long as it is plus the uncertainty of arrivals, which nobody can know away.
 */
export function bestSendTimes(quota: Quota, releasedAtMs: Iterable<number>, endMs: number): readonly number[] {
  const sentAtMs: number[] = [];
  for (const releaseMs of releasedAtMs) {
    const roomAtMs = quota.tiers.map(
      ({ requests, perMs }) => (sentAtMs[sentAtMs.length - requests] ?? -Infinity) + perMs + world.uncertaintyMs,
    );
    const atMs = Math.max(releaseMs, ...roomAtMs);
    if (atMs > endMs) break;
    sentAtMs.push(atMs);
  }
  return sentAtMs;
}
