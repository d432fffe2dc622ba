import { canaryEveryMs, canaryOf } from "../engine/control.ts";
import type { Control } from "../engine/control.ts";
import { lanes, webhookExpiryMs } from "../engine/job.ts";
import type { Job, Lane } from "../engine/job.ts";
import type { Ports } from "../engine/ports.ts";

/** Schedules fire some seconds early or late. */
const scheduleSpreadMs = 45_000;

/** Sends a canary down each lane, and says of which lane none was consumed in the minute before. */
export async function sendCanaries(
  ports: Pick<Ports, "clock" | "random" | "lanes" | "metrics">,
  control: Control,
): Promise<readonly string[]> {
  const nowMs = ports.clock.nowMs();
  const { partner } = control;
  const amiss: string[] = [];
  for (const lane of lanes) {
    // A lane that was switched on a moment ago has had no canary yet.
    const lastMs = Math.max(control.lanes.sinceMs, canaryOf(control, lane)?.consumedAtMs ?? 0);
    if (nowMs - lastMs <= canaryEveryMs + scheduleSpreadMs) continue;
    ports.metrics.count("CanariesMissed", 1, { partner, kind: lane });
    amiss.push(`nothing has consumed a canary of its ${lane} lane for ${Math.round((nowMs - lastMs) / 1_000)} s`);
  }
  for (const lane of lanes) await ports.lanes.send(canaryJob(partner, lane, ports.random.id(), nowMs), 0);
  return amiss;
}

function canaryJob(partner: string, lane: Lane, id: string, nowMs: number): Job {
  return {
    version: 1,
    id: `canary-${id}`,
    partner,
    connectionId: null,
    lane,
    attempts: 0,
    hops: 0,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + webhookExpiryMs,
    trace: `canary-${id}`,
    replayOf: null,
    work: { kind: "canary", sentAtMs: nowMs },
  };
}
