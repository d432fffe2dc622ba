import { hopsMax } from "../../../lib/engine/job.ts";
import type { InvariantOf } from "./invariant.ts";

const hopsLookedAt = 60;
/** A job that waits for a call to end comes back every second or so. */
const hopsTakeMs = 30_000;
const windowMs = 60_000;
/** Of one job at one hop: duplicates, and the partner's own repetitions. */
const sendsMax = 40;

/** No job goes round as fast as it can, and none for ever. */
export const nothingSpins: InvariantOf = (world, broken) => {
  const firstAtMs = new Map<string, number>();
  const sends = new Map<string, readonly number[]>();
  return {
    observe(event) {
      if (event.kind !== "job-sent") return;
      const { id, hops } = event.job;
      const nowMs = world.ground.loop.nowMs();
      if (hops > hopsMax) broken(`${id} was sent again ${hops} times`);
      const key = `${id} ${hops}`;
      if (!firstAtMs.has(key)) firstAtMs.set(key, nowMs);
      const thenMs = firstAtMs.get(`${id} ${hops - hopsLookedAt}`);
      const tookMs = thenMs === undefined ? Infinity : (firstAtMs.get(key) ?? nowMs) - thenMs;
      if (tookMs < hopsTakeMs) broken(`${id} was sent again ${hopsLookedAt} times within ${Math.round(tookMs)} ms`);
      const recent = [...(sends.get(key) ?? []).filter((atMs) => nowMs - atMs < windowMs), nowMs];
      sends.set(key, recent);
      if (recent.length > sendsMax) broken(`${id} was sent ${recent.length} times within a minute`);
    },
  };
};
