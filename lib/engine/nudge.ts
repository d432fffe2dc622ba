import { nudgeExpiryMs } from "./job.ts";
import type { Job } from "./job.ts";
import type { Run } from "./run.ts";

/** The message that says "push this run on": names the run's sequence and its own name, and carries no state. */
export function nudgeFor(run: Run, nowMs: number): Job {
  return {
    version: 1,
    id: `push-${run.runId}-${run.sequence}-${run.nudgeId}`.slice(0, 200),
    partner: run.partner,
    connectionId: run.connectionId,
    lane: "imports",
    attempts: 0,
    hops: 0,
    createdAtMs: nowMs,
    expiresAtMs: Math.max(nowMs, run.notBeforeMs) + nudgeExpiryMs,
    trace: run.trace,
    replayOf: run.replayOf,
    work: { kind: "push", runId: run.runId, sequence: run.sequence, nudgeId: run.nudgeId },
  };
}
