import type { InvariantOf } from "./invariant.ts";

/** Who starts imports asks once, at its beginning, and may be slow; what it asks may be some seconds old. */
const noticedMs = 90_000;

/** While a partner is drained or paused its schedule starts no import. */
export const drainedStartsNothing: InvariantOf = (world, broken) => {
  const stoppedSinceMs = new Map<string, number>();
  return {
    observe(event) {
      const nowMs = world.ground.loop.nowMs();
      if (event.kind === "control-stored" && event.after.connectionId === null) {
        const { partner, schedules, pause } = event.after;
        if (schedules === null && pause === null) stoppedSinceMs.delete(partner);
        else if (!stoppedSinceMs.has(partner)) stoppedSinceMs.set(partner, nowMs);
      }
      if (event.kind !== "run-stored" || event.before !== null || event.after.trigger !== "schedule") return;
      const sinceMs = stoppedSinceMs.get(event.after.partner);
      if (sinceMs === undefined || nowMs - sinceMs < noticedMs) return;
      const seconds = Math.round((nowMs - sinceMs) / 1_000);
      broken(`${event.by} started ${event.after.runId} ${seconds} s after ${event.after.partner} was to start nothing`);
    },
  };
};
