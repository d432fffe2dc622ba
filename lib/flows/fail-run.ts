import type { PartnerError } from "../engine/errors.ts";
import { nudgeFor } from "../engine/nudge.ts";
import type { Ports } from "../engine/ports.ts";
import { end } from "../engine/run.ts";
import type { Run } from "../engine/run.ts";
import { afterRun } from "../engine/sync-health.ts";
import { failureIdOf } from "./archive-failure.ts";
import { changeResource } from "./change-resource.ts";
import { noteRunEnded } from "./note-sync.ts";

/**
 * Gives a run up. The dead letter goes first: dying after it, the run is pushed again and fails again into the same
 * failure; the other way round, a failed run could be known to nobody.
 */
export async function failRun(
  ports: Pick<Ports, "clock" | "runs" | "connections" | "lanes" | "metrics" | "log">,
  run: Run,
  error: PartnerError,
  place: string,
): Promise<void> {
  const current = await ports.runs.read(run.partner, run.connectionId, run.runId);
  // Another worker has it: what this one met is not the run's end.
  if (current === null || current.revision !== run.revision) return;
  const nowMs = ports.clock.nowMs();
  const job = nudgeFor(run, nowMs);
  const failureId = failureIdOf(job);
  const call = `${error.cause.call ?? "(no call)"} → ${error.cause.actual}`.slice(0, 1024);
  await ports.lanes.giveUp(job, {
    code: error.code,
    kind: error.kind,
    place,
    message: error.message,
    call,
    atMs: nowMs,
  });
  const changed = await changeResource(ports, run, (state) => ({
    ...state,
    ...afterRun(state, run, "failed", nowMs, 0),
    activeRunId: state.activeRunId === run.runId ? null : state.activeRunId,
    lastError: { atMs: nowMs, code: error.code, kind: error.kind },
  }));
  noteRunEnded(ports, changed);
  await ports.runs.compareAndSet(end(run, { kind: "failed", atMs: nowMs, failureId, code: error.code }, nowMs));
  ports.metrics.count("RunsFailed", 1, { partner: run.partner, kind: error.kind });
  ports.log.error("a run failed", { runId: run.runId, partner: run.partner, failureId, code: error.code });
}
