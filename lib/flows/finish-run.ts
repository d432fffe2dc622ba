import type { ResourceDriver } from "../engine/define-partner.ts";
import type { Ports, ResourceState } from "../engine/ports.ts";
import { isAnswered } from "../engine/refresh-ask.ts";
import { end } from "../engine/run.ts";
import type { Run } from "../engine/run.ts";
import { afterRun } from "../engine/sync-health.ts";
import { changeResource } from "./change-resource.ts";
import { closeParked } from "./close-parked.ts";
import { noteRunEnded } from "./note-sync.ts";

export type FinishPorts = Pick<Ports, "clock" | "runs" | "connections" | "failures" | "metrics" | "log">;

/**
 * Ends a run that passed its last page. The resource's watermark moves first and the run ends after: dying in between,
 * the run is pushed again, finds itself at its end and does this once more, to the same effect.
 */
export async function finishRun(ports: FinishPorts, resource: ResourceDriver, run: Run): Promise<void> {
  const nowMs = ports.clock.nowMs();
  if (run.replayOf !== null) {
    const failure = { partner: run.partner, connectionId: run.connectionId, failureId: run.replayOf };
    await ports.failures.move(failure, ["open", "replaying"], "resolved", nowMs);
  }
  await closeParked(ports, resource, run);
  // Next to each other: in between, the resource is free for its next run while this one still stands as under way.
  const after = (state: ResourceState) => afterRun(state, run, "done", nowMs, resource.everyMs);
  noteRunEnded(
    ports,
    await changeResource(ports, run, (state) => ({ ...succeeded(state, run, nowMs), ...after(state) })),
  );
  if ((await ports.runs.compareAndSet(end(run, { kind: "done", atMs: nowMs }, nowMs))) === "superseded") return;
  ports.metrics.count("RunsDone", 1, { partner: run.partner, kind: run.mode });
  ports.log.info("a run is done", {
    runId: run.runId,
    partner: run.partner,
    model: resource.model.name,
    ...run.progress,
  });
}

function succeeded(state: ResourceState, run: Run, nowMs: number): ResourceState {
  const { beganMs, syncToken } = run.checkpoint;
  const asked = state.refreshAsked ?? null;
  const isOwed = asked !== null && !isAnswered(asked, run);
  const isCredited = run.mode === "full" && !(isOwed && asked.full);
  return {
    ...state,
    activeRunId: state.activeRunId === run.runId ? null : state.activeRunId,
    // Never backwards: a slow run must not undo the watermark of a later one.
    watermarkMs: Math.max(state.watermarkMs ?? 0, beganMs),
    fullPassAtMs: isCredited ? Math.max(state.fullPassAtMs ?? 0, beganMs) : state.fullPassAtMs,
    ...(asked !== null && { refreshAsked: isOwed ? asked : null }),
    ...(isOwed && { nextDueMs: dueSoon(state, run, nowMs) }),
    ...(syncToken !== undefined && { syncToken }),
    succeededAtMs: nowMs,
    lastError: null,
  };
}

/** What is owed begins when this run has ended, and not at the schedule's next slot; a run that ends once more asks for no other. */
function dueSoon({ nextDueMs, lastRun }: ResourceState, run: Run, nowMs: number): number | null {
  if (nextDueMs === null || lastRun?.runId === run.runId) return nextDueMs;
  return Math.min(nextDueMs, nowMs);
}
