import type { InvariantOf } from "./invariant.ts";

/** Of one resource of one connection, schedules start no run while another is under way; one that only has to be marked as ended is not. */
export const oneRunAtATime: InvariantOf = (world, broken) => {
  const givenUp = new Set<string>();
  return {
    observe(event) {
      if (event.kind === "gave-up" && event.job.work.kind === "push") givenUp.add(event.job.work.runId);
      if (event.kind !== "run-stored" || event.before !== null || event.after.trigger !== "schedule") return;
      const { partner, connectionId, resource, runId } = event.after;
      const state = world.stores.connections
        .resources()
        .find((each) => each.partner === partner && each.connectionId === connectionId && each.resource === resource);
      const other = world.stores.runs.all().find(
        (run) =>
          run.partner === partner &&
          run.connectionId === connectionId &&
          run.resource === resource &&
          run.runId !== runId &&
          run.trigger === "schedule" &&
          run.status.kind === "active" &&
          run.checkpoint.position.kind === "open" &&
          // Its success is noted already: all that is left is to mark it as ended, by whoever pushes it next.
          run.checkpoint.beganMs > (state?.watermarkMs ?? 0) &&
          !givenUp.has(run.runId),
      );
      if (other !== undefined) broken(`${partner}: run ${runId} was started while ${other.runId} is under way`);
    },
  };
};
