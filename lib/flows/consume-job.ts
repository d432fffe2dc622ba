import { fullJitterMs } from "../engine/backoff.ts";
import type { PartnerError } from "../engine/errors.ts";
import { hopsMax } from "../engine/job.ts";
import type { Job } from "../engine/job.ts";
import type { GiveUp, Ports } from "../engine/ports.ts";
import { isPurged } from "../engine/purge.ts";
import { failureIdOf } from "./archive-failure.ts";
import { compareRecords } from "./compare-records.ts";
import { isConnectionHeld } from "./held.ts";
import { handleWebhook } from "./handle-webhook.ts";
import type { WebhookPorts } from "./handle-webhook.ts";
import { noteCanary } from "./note-canary.ts";
import type { NotePorts } from "./note-canary.ts";
import type { Outcome, WorkContext } from "./outcome.ts";
import { revokeCredential } from "./oauth/revoke-credential.ts";
import type { RevokePorts } from "./oauth/revoke-credential.ts";
import { tryCredential } from "./oauth/try-credential.ts";
import type { TryPorts } from "./oauth/attempt-step.ts";
import { pushRun } from "./push-run.ts";
import type { PushPorts } from "./push-run.ts";
import { refreshRecord } from "./refresh-record.ts";
import { keepSubscription } from "./subscriptions/keep-subscription.ts";
import type { SubscriptionPorts } from "./subscriptions/keep-subscription.ts";

export type ConsumePorts = WebhookPorts &
  PushPorts &
  NotePorts &
  TryPorts &
  RevokePorts &
  SubscriptionPorts &
  Pick<Ports, "lanes" | "log" | "random" | "partners" | "parked">;

/** With the delays below, half an hour of outage on average. */
const attemptsMax = 12;
const backoffBaseMs = 2_000;
const backoffMsMax = 1_800_000;
/** SQS delays no message longer. */
const delayMsMax = 900_000;

/**
 * Works one job to an end that is safe to acknowledge: done, sent again with a delay, or given up with its reasons.
 * Rejects only when one of our own services fails; the message then comes back after its visibility timeout.
 */
export async function consumeJob(ports: ConsumePorts, job: Job, context: WorkContext): Promise<void> {
  if (job.expiresAtMs <= ports.clock.nowMs()) return skip(ports, job, "JobsStale");
  const { staleBefore } = await ports.control.read(job.partner, null);
  if (isPurged(staleBefore, job)) return skip(ports, job, "JobsPurged");
  const outcome = await work(ports, job, context);
  return settle(ports, ownedBy(job, outcome), outcome);
}

async function settle(ports: ConsumePorts, job: Job, outcome: Outcome): Promise<void> {
  switch (outcome.kind) {
    case "done":
      if (job.work.kind === "canary") return;
      ports.metrics.count("JobsDone", 1, { partner: job.partner, kind: job.work.kind });
      return closeReplayed(ports, job);
    case "wait":
      return waitFor(ports, job, outcome);
    case "failed":
      return retryOrGiveUp(ports, job, outcome.error, outcome.place);
  }
}

/** A job that came without its connection goes on as the connection's own. A replay stays where its failure is kept. */
function ownedBy(job: Job, outcome: Outcome): Job {
  if (outcome.kind === "done" || outcome.connectionId === undefined || job.replayOf !== null) return job;
  return { ...job, connectionId: outcome.connectionId };
}

/** Skipped and counted: too old by itself, or by what somebody said after an outage. */
async function skip(ports: ConsumePorts, job: Job, metric: "JobsStale" | "JobsPurged"): Promise<void> {
  ports.metrics.count(metric, 1, { partner: job.partner, kind: job.work.kind });
  await reopenReplayed(ports, job);
  const ageMs = ports.clock.nowMs() - job.createdAtMs;
  ports.log.warn("skipped a job", { jobId: job.id, partner: job.partner, metric, ageMs });
}

async function work(ports: ConsumePorts, job: Job, context: WorkContext): Promise<Outcome> {
  const driver = ports.partners.find(job.partner);
  // Thrown, not given up: a job of a partner that this deployment does not know belongs in the dead-letter queue untouched.
  if (driver === null)
    throw new Error(`No partner "${job.partner}" in this deployment; add it to sluice.config.ts or discard the job.`);
  switch (job.work.kind) {
    case "webhook":
      return handleWebhook(ports, driver, job, job.work, context);
    case "push":
      return pushRun(ports, driver, job, job.work, context);
    case "refresh":
      return refreshRecord(ports, driver, job, job.work, context);
    case "compare":
      return compareRecords(ports, driver, job, job.work, context);
    case "revoke-credential":
      return revokeCredential(ports, driver, job);
    case "try-credential":
      return tryCredential(ports, driver, job.work, context);
    case "subscription":
      return keepSubscription(ports, driver, job, context);
    case "canary":
      return noteCanary(ports, job, job.work);
  }
}

async function closeReplayed(ports: ConsumePorts, job: Job): Promise<void> {
  // A push is one step of a run: the run closes its failure itself, at its end.
  if (job.replayOf === null || job.work.kind === "push") return;
  const failure = { partner: job.partner, connectionId: job.connectionId ?? "-", failureId: job.replayOf };
  await ports.failures.move(failure, ["open", "replaying"], "resolved", ports.clock.nowMs());
}

/** A replay that came to nothing is no replay: somebody has to see the failure again. */
async function reopenReplayed(ports: ConsumePorts, job: Job): Promise<void> {
  if (job.replayOf === null || job.work.kind === "push") return;
  const failure = { partner: job.partner, connectionId: job.connectionId ?? "-", failureId: job.replayOf };
  await ports.failures.move(failure, ["replaying"], "open", ports.clock.nowMs());
}

type Wait = Extract<Outcome, { kind: "wait" }>;

/** Sends a job that waits again; what waits for its connection, or has gone round too often, is parked in the table. */
async function waitFor(ports: ConsumePorts, job: Job, wait: Wait): Promise<void> {
  const nowMs = ports.clock.nowMs();
  const weary = job.hops >= hopsMax;
  // A nudge is cheap to make again: the sweeper has its run.
  if (weary && job.work.kind === "push") return;
  ports.metrics.count("JobsDeferred", 1, { partner: job.partner, kind: wait.reason });
  if (weary || isConnectionHeld(wait.reason)) return park(ports, job, wait);
  // Spread over a second, or everything that waits for one moment comes back in that moment.
  const delayMs = Math.max(0, wait.untilMs - nowMs) + ports.random.unit() * 1_000;
  await ports.lanes.send({ ...job, hops: job.hops + 1 }, Math.min(delayMsMax, delayMs));
}

/** Kept whole in the table; `partner-control` sends it again. Its hops begin anew: what bounds it now is its own end. */
async function park(ports: ConsumePorts, job: Job, wait: Wait): Promise<void> {
  const untilMs = isConnectionHeld(wait.reason) ? wait.untilMs : ports.clock.nowMs() + delayMsMax;
  const connectionId = wait.connectionId ?? job.connectionId ?? "-";
  await ports.parked.park({ ...job, hops: 0 }, { connectionId, reason: wait.reason, untilMs });
}

async function retryOrGiveUp(ports: ConsumePorts, job: Job, error: PartnerError, place: string): Promise<void> {
  const attempts = job.attempts + 1;
  ports.log.warn("a job failed", {
    jobId: job.id,
    partner: job.partner,
    code: error.code,
    kind: error.kind,
    attempts,
    place,
  });
  if (error.kind === "transient" && attempts < attemptsMax) {
    // On top of what the partner asks for, or all that waits for one moment comes back in that moment.
    const delayMs =
      (error.retryAfterMs ?? 0) +
      fullJitterMs(attempts, { baseMs: backoffBaseMs, delayMsMax: backoffMsMax }, ports.random);
    return ports.lanes.send({ ...job, attempts, hops: job.hops + 1 }, Math.min(delayMsMax, delayMs));
  }
  const why = {
    code: error.code,
    kind: error.kind,
    place,
    message: error.message,
    call: callOf(error),
    atMs: ports.clock.nowMs(),
  };
  return giveUp(ports, { ...job, attempts }, why);
}

async function giveUp(ports: ConsumePorts, job: Job, why: GiveUp): Promise<void> {
  ports.metrics.count("JobsGivenUp", 1, { partner: job.partner, kind: why.kind });
  // Beside what was received, for the alarm: a replay was received before.
  if (job.work.kind === "webhook" && job.replayOf === null)
    ports.metrics.count("WebhooksFailed", 1, { partner: job.partner });
  ports.log.error("gave a job up", { jobId: job.id, failureId: failureIdOf(job), code: why.code, place: why.place });
  await ports.lanes.giveUp(job, why);
}

/** What was called and what came, for the person who will look: sanitised by whoever made the error. */
function callOf(error: PartnerError): string {
  return `${error.cause.call ?? "(no call)"} → ${error.cause.actual}`.slice(0, 1024);
}
