import { withCanary } from "../engine/control.ts";
import type { CanaryWork, Job } from "../engine/job.ts";
import type { Ports } from "../engine/ports.ts";
import { changeControl } from "./change-control.ts";
import { done } from "./outcome.ts";
import type { Outcome } from "./outcome.ts";

export type NotePorts = Pick<Ports, "clock" | "control" | "metrics">;

/** A metric is paid for while it is written: a lane that keeps up is told of by the control alone. */
const lagToldMs = 60_000;

/** Notes that a lane is worked: one write a minute and lane. One that finds no turn to be noted is followed by the next. */
export async function noteCanary(ports: NotePorts, job: Job, work: CanaryWork): Promise<Outcome> {
  const nowMs = ports.clock.nowMs();
  const lagMs = nowMs - work.sentAtMs;
  if (lagMs >= lagToldMs)
    ports.metrics.count("CanaryLagSeconds", Math.round(lagMs / 1_000), { partner: job.partner, kind: job.lane });
  const canary = { lane: job.lane, sentAtMs: work.sentAtMs, consumedAtMs: nowMs };
  await changeControl(ports, { partner: job.partner, connectionId: null }, (control) => withCanary(control, canary));
  return done;
}
