import type { Run } from "../../../lib/engine/run.ts";
import type { InvariantOf } from "./invariant.ts";

/** Our clocks differ by less. */
const clocksMsMax = 1_000;

/** Once nothing goes wrong any more: long enough for a breaker to close and for a lane to be worked off. */
const soonMs = 45 * 60_000;

/** What was skipped is nowhere else: after a purge each connection is passed over by an import that began after it, and not a day later. */
export const purgesAreFollowedByAPass: InvariantOf = (world, broken) => {
  const askedAtMs = new Map<string, number>();
  let restAtMs = Number.POSITIVE_INFINITY;
  return {
    observe(event) {
      if (event.kind === "rest-began") restAtMs = world.ground.loop.nowMs();
      if (event.kind === "full-pass-asked") askedAtMs.set(event.partner, event.atMs);
    },
    conclude() {
      const runs = world.stores.runs.all();
      for (const { partner, connectionId } of world.stores.connections.all()) {
        const atMs = askedAtMs.get(partner);
        if (atMs === undefined) continue;
        const isFresh = ({ mode, status, checkpoint: { beganMs } }: Run): boolean =>
          mode === "full" &&
          status.kind === "done" &&
          beganMs > atMs - clocksMsMax &&
          beganMs < Math.max(atMs, restAtMs) + soonMs;
        if (runs.some((run) => run.connectionId === connectionId && isFresh(run))) continue;
        broken(`${connectionId} of ${partner} was to be imported afresh, and no full pass soon after that is done`);
      }
    },
  };
};
