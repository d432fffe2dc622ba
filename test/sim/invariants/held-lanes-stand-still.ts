import type { InvariantOf } from "./invariant.ts";

/** partner-control looks once a minute, may miss a turn or die, and mappings take their time to change. */
const stoppedMs = 420_000;

/** Of a partner that has been held for minutes no job is taken: its backlog waits in the queue and costs nothing. */
export const heldLanesStandStill: InvariantOf = (world, broken) => {
  const heldSinceMs = new Map<string, number>();
  return {
    observe(event) {
      const nowMs = world.ground.loop.nowMs();
      if (event.kind === "control-stored" && event.after.connectionId === null) {
        const { partner, breaker, pause } = event.after;
        if (breaker.kind === "closed" && pause === null) heldSinceMs.delete(partner);
        else if (!heldSinceMs.has(partner)) heldSinceMs.set(partner, nowMs);
      }
      if (event.kind !== "job-received") return;
      const sinceMs = heldSinceMs.get(event.job.partner);
      if (sinceMs === undefined || nowMs - sinceMs < stoppedMs) return;
      broken(
        `${event.job.id} was taken ${Math.round((nowMs - sinceMs) / 1_000)} s after ${event.job.partner} was closed off`,
      );
    },
  };
};
