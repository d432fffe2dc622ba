import { resourceName } from "../partner/driver.ts";
import type { InvariantOf } from "./invariant.ts";

const minute = 60_000;

/** At rest nothing is left over: no run is older than its schedule, no message lies about, no replay hangs, no import is behind. */
export const everythingEnds: InvariantOf = (world, broken) => ({
  observe(event) {
    if (event.kind !== "gave-up") return;
    const { code } = event.why;
    const waitedMs = world.ground.loop.nowMs() - event.job.createdAtMs;
    if (code === "waited-too-long" && waitedMs < 60 * minute)
      broken(`${event.job.id} was given up after waiting for ${Math.round(waitedMs / minute)} minutes`);
    if (code === "stands-still" || code === "endless-run")
      broken(`${event.job.id} gave up with ${code}: ${event.why.message}`);
  },
  conclude() {
    const nowMs = world.ground.loop.nowMs();
    for (const run of world.stores.runs.all()) {
      if (run.status.kind !== "active" || nowMs - run.startedAtMs < 30 * minute) continue;
      broken(
        `run ${run.runId} of ${run.partner} has been active for ${Math.round((nowMs - run.startedAtMs) / minute)} minutes`,
      );
    }
    const known = new Set(world.stores.failures.all().map(({ failureId }) => failureId));
    for (const { runId, status } of world.stores.runs.all()) {
      if (status.kind === "failed" && !known.has(status.failureId)) broken(`run ${runId} failed, and nobody knows`);
    }
    for (const { lanes, deadLetters } of world.queues.values()) {
      for (const queue of [lanes.webhooks, lanes.imports, deadLetters]) {
        const old = queue.all().find((message) => nowMs - message.sentAtMs > 30 * minute);
        if (old !== undefined)
          broken(`${queue.name}: a message lies there for half an hour: ${old.body.slice(0, 300)}`);
      }
    }
    for (const failure of world.stores.failures.all()) {
      if (failure.status === "replaying") broken(`failure ${failure.failureId} is still being replayed`);
    }
    for (const { job, reason } of world.stores.parked.all()) broken(`${job.id} is still parked (${reason})`);
    for (const [partner, mappings] of world.mappings) {
      for (const [lane, mapping] of mappings)
        if (mapping.state() !== "enabled") broken(`the ${lane} lane of ${partner} is ${mapping.state()}`);
    }
    if (world.stream.behind() > 0) broken(`${world.stream.behind()} changes were never published`);
    for (const state of world.stores.connections.resources()) {
      const sinceMs = nowMs - (state.succeededAtMs ?? 0);
      if (sinceMs > 45 * minute)
        broken(`${resourceName} of ${state.connectionId} succeeded ${Math.round(sinceMs / minute)} minutes ago`);
    }
  },
});
