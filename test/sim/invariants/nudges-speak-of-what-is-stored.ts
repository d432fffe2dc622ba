import type { InvariantOf } from "./invariant.ts";

/** A nudge is sent only after the step that it speaks of is stored. */
export const nudgesSpeakOfWhatIsStored: InvariantOf = (_world, broken) => {
  const sequences = new Map<string, number>();
  return {
    observe(event) {
      if (event.kind === "run-stored")
        sequences.set(`${event.after.partner} ${event.after.connectionId} ${event.after.runId}`, event.after.sequence);
      if (event.kind !== "job-sent" || event.job.work.kind !== "push") return;
      const { partner, connectionId, work } = event.job;
      const stored = sequences.get(`${partner} ${connectionId} ${work.runId}`);
      if (stored === undefined || stored < work.sequence)
        broken(`${event.by} nudged run ${work.runId} to step ${work.sequence}, and stored is ${stored ?? "nothing"}`);
    },
  };
};
