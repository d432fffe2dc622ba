import { hopsMax } from "../../../lib/engine/job.ts";
import type { InvariantOf } from "./invariant.ts";

const windowMs = 60_000;
/** A job that waits for a call to end comes back every second or so, and may be there twice. */
const sendsMax = 150;

/** No job is sent again and again within a minute, and none for ever. */
export const nothingSpins: InvariantOf = (world, broken) => {
  const sends = new Map<string, number[]>();
  return {
    observe(event) {
      if (event.kind !== "job-sent") return;
      const { job } = event;
      const nowMs = world.ground.loop.nowMs();
      const recent = [...(sends.get(job.id) ?? []).filter((atMs) => nowMs - atMs < windowMs), nowMs];
      sends.set(job.id, recent);
      if (job.hops > hopsMax) broken(`${job.id} was sent again ${job.hops} times`);
      if (recent.length > sendsMax) broken(`${job.id} was sent ${recent.length} times within a minute`);
    },
  };
};
