import { atRest } from "../../lib/engine/control.ts";
import type { ControlStore, ParkedJobs } from "../../lib/engine/ports.ts";

/** For work in this process alone: nothing is paused, and what is counted is told to nobody. */
export const controlAtRest: ControlStore = {
  read: async (partner, connectionId) => atRest(partner, connectionId),
  compareAndSet: async () => "stored",
  held: async () => [],
};

/** What would be parked is said instead. */
export function parkedThatSay(say: (line: string) => void): ParkedJobs {
  return {
    park: async (job, { reason }) => say(`parked: ${job.work.kind} ${job.id} (${reason})`),
    due: async () => [],
    list: async () => [],
    remove: async () => undefined,
    look: async () => "stored",
    wake: async () => undefined,
    count: async () => 0,
  };
}
