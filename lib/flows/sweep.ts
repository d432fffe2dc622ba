import { holdOf } from "../engine/control.ts";
import type { PartnerDriver } from "../engine/define-partner.ts";
import { PartnerError } from "../engine/errors.ts";
import { nudgeFor } from "../engine/nudge.ts";
import type { Ports } from "../engine/ports.ts";
import { looksMax, renudge } from "../engine/run.ts";
import type { Run } from "../engine/run.ts";
import { failRun } from "./fail-run.ts";

export type SweepPorts = Pick<
  Ports,
  "clock" | "random" | "runs" | "lanes" | "connections" | "control" | "metrics" | "log"
>;

const runsMax = 200;

/** Nudges every run that stands still: its worker died, its nudge was lost, or it was never started at all. */
export async function sweep(
  ports: SweepPorts,
  driver: PartnerDriver,
): Promise<{ readonly found: number; readonly nudged: number }> {
  // What waits for a held partner stands still rightly, and its looks are not to run out.
  if (holdOf(await ports.control.read(driver.name, null), ports.clock.nowMs()) !== null) return { found: 0, nudged: 0 };
  const found = await ports.runs.standingStill(driver.name, ports.clock.nowMs(), runsMax);
  let nudged = 0;
  for (const run of found) {
    try {
      if (run.looks >= looksMax) await failRun(ports, run, standsStill(driver, run), `${run.resource} run`);
      else if (await nudgeAgain(ports, run)) nudged++;
    } catch (error) {
      ports.log.error("could not nudge a run; it is looked at again in a minute", {
        runId: run.runId,
        partner: run.partner,
        error: String(error),
      });
    }
  }
  if (nudged > 0) ports.metrics.count("RunsNudgedAgain", nudged, { partner: driver.name });
  return { found: found.length, nudged };
}

async function nudgeAgain(ports: SweepPorts, run: Run): Promise<boolean> {
  const nowMs = ports.clock.nowMs();
  const next = renudge(run, ports.random.id(), nowMs);
  if (next === null || (await ports.runs.compareAndSet(next)) === "superseded") return false;
  await ports.lanes.send(nudgeFor(next, nowMs), 0);
  return true;
}

function standsStill(driver: PartnerDriver, run: Run): PartnerError {
  const message = `${driver.title}: run ${run.runId} was nudged ${run.looks} times and did not move; it kills its workers or its lane is not consumed. Look at the function's log; then replay.`;
  return new PartnerError({
    code: "stands-still",
    kind: "transient",
    partner: driver.name,
    message,
    cause: { expected: "a page", actual: `none since ${new Date(run.updatedAtMs).toISOString()}` },
  });
}
