import { holdOf } from "../engine/control.ts";
import type { EmergencyOrder, EmergencyReport } from "../engine/emergency.ts";
import { Job } from "../engine/job.ts";
import type { Lane } from "../engine/job.ts";
import type { LaneMessage, LaneReader } from "../engine/lane-reader.ts";
import { mapBounded } from "../engine/map-bounded.ts";
import type { Metrics } from "../engine/ports.ts";
import { consumeJob } from "./consume-job.ts";
import type { ConsumePorts } from "./consume-job.ts";
import type { WorkContext } from "./outcome.ts";

export type EmergencyPorts = ConsumePorts & { readonly laneReader: LaneReader };

/** A run's turn takes what time there is, so runs go one by one: a message that is only held helps nobody. */
const atOnce = { webhooks: 10, imports: 1 } as const;

/**
 * Works a lane's messages without the functions that usually do: takes some, works each as `consumeJob` does, behind the
 * same gate, and removes what is done. At least once: whoever dies in between leaves the message to come back.
 */
export async function emergencyConsume(
  ports: EmergencyPorts,
  partner: string,
  order: EmergencyOrder,
  context: WorkContext,
): Promise<EmergencyReport> {
  const { lane, count } = order;
  const hold = holdOf(await ports.control.read(partner, null, { fresh: true }), ports.clock.nowMs());
  if (hold !== null) return { kind: "held", why: heldWhy(partner, hold.reason) };
  const tally = tallyingMetrics(ports.metrics);
  const worker = { ...ports, metrics: tally.metrics };
  let received = 0;
  let removed = 0;
  let canaries = 0;
  const reportOf = (ended: "empty" | "count" | "time"): EmergencyReport => {
    const { JobsDone, JobsStale, JobsPurged, JobsGivenUp: givenUp } = tally.counts;
    const [done, skipped] = [JobsDone + canaries, JobsStale + JobsPurged];
    // What waits, what is parked, and what failed and is tried again later.
    const deferred = removed - done - skipped - givenUp;
    return { kind: "worked", received, removed, done, deferred, skipped, givenUp, left: received - removed, ended };
  };
  while (received < count) {
    if (ports.clock.nowMs() >= context.deadlineMs) return reportOf("time");
    const limit = Math.min(atOnce[lane], count - received);
    const messages = await ports.laneReader.receive(partner, lane, limit);
    if (messages.length === 0) return reportOf("empty");
    received += messages.length;
    const ended = await mapBounded(messages, atOnce[lane], (message) => workOne(worker, message, context));
    for (const [index, message] of messages.entries()) {
      if (ended[index] === "left" || !(await remove(ports, { partner, lane, message }))) continue;
      removed += 1;
      // Our own, and counted by nobody: that it was worked is what it says.
      if (ended[index] === "canary") canaries += 1;
    }
  }
  return reportOf("count");
}

type WorkedOut = "ended" | "canary" | "left";

/** A job that may not call would only be sent round: it is better off where it is. */
function heldWhy(partner: string, reason: "paused" | "breaker"): string {
  return reason === "paused"
    ? `${partner} is paused, so its messages stay where they are. When it may go on: sluice resume --partner ${partner}; then ask again.`
    : `Calls to ${partner} are stopped, because too many of them failed, so its messages stay where they are. Its breaker closes by itself when a probe comes back well; then ask again.`;
}

async function workOne(ports: ConsumePorts, message: LaneMessage, context: WorkContext): Promise<WorkedOut> {
  const job = readJob(message.body);
  if (job === null) {
    ports.log.error("a message is no job; it stays on its lane", { messageId: message.messageId });
    return "left";
  }
  try {
    await consumeJob(ports, job, context);
    return job.work.kind === "canary" ? "canary" : "ended";
  } catch (error) {
    ports.log.error("a message failed; it comes back", { messageId: message.messageId, error });
    return "left";
  }
}

/** What cannot be removed comes back and is worked again, which changes nothing: the others of its batch still go. */
async function remove(
  ports: EmergencyPorts,
  { partner, lane, message }: { partner: string; lane: Lane; message: LaneMessage },
): Promise<boolean> {
  try {
    await ports.laneReader.remove(partner, lane, message);
    return true;
  } catch (error) {
    ports.log.error("a message that is done was not removed; it comes back", { messageId: message.messageId, error });
    return false;
  }
}

function readJob(body: string): Job | null {
  try {
    return Job.safeParse(JSON.parse(body)).data ?? null;
  } catch {
    return null;
  }
}

const outcomes = ["JobsDone", "JobsStale", "JobsPurged", "JobsGivenUp"] as const;
type OutcomeMetric = (typeof outcomes)[number];

/** Counts what `consumeJob` says of its jobs on the way to the real metrics. */
function tallyingMetrics(metrics: Metrics): {
  readonly metrics: Metrics;
  readonly counts: Readonly<Record<OutcomeMetric, number>>;
} {
  const counts = { JobsDone: 0, JobsStale: 0, JobsPurged: 0, JobsGivenUp: 0 };
  return {
    counts,
    metrics: {
      count(name, value, dimensions) {
        const outcome = outcomes.find((each) => each === name);
        if (outcome !== undefined) counts[outcome] += value;
        metrics.count(name, value, dimensions);
      },
    },
  };
}
