import { withCanary } from "../engine/control.ts";
import type { CanaryWork, Job } from "../engine/job.ts";
import type { Ports } from "../engine/ports.ts";
import { changeControl } from "./change-control.ts";
import { done } from "./outcome.ts";
import type { Outcome } from "./outcome.ts";

export type NotePorts = Pick<Ports, "clock" | "control">;

/** Notes that a lane is worked: one write a minute and lane. One that finds no turn to be noted is followed by the next. */
export async function noteCanary(ports: NotePorts, job: Job, work: CanaryWork): Promise<Outcome> {
  const canary = { lane: job.lane, sentAtMs: work.sentAtMs, consumedAtMs: ports.clock.nowMs() };
  await changeControl(ports, { partner: job.partner, connectionId: null }, (control) => withCanary(control, canary));
  return done;
}
