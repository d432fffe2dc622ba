import { readDeadLetter } from "../engine/dead-letter.ts";
import { fingerprintOf } from "../engine/fingerprint.ts";
import type { Job } from "../engine/job.ts";
import type { Failure, GiveUp, Ports } from "../engine/ports.ts";
import { redactText } from "../engine/redact.ts";

const rawCharsMax = 1024;

/**
 * Takes a message of the dead-letter queue to the failures table, where a person finds, replays or discards it. The
 * message is one that we gave up (with its reasons), a job that crashed its workers ten times, or no job at all.
 */
export async function archiveFailure(
  ports: Pick<Ports, "clock" | "connections" | "failures" | "metrics">,
  message: { readonly partner: string; readonly messageId: string; readonly body: string },
): Promise<void> {
  const nowMs = ports.clock.nowMs();
  const letter = readDeadLetter(message.body);
  const why = letter.kind === "given-up" ? letter.why : crashOf(letter.kind, nowMs);
  const job = letter.kind === "unreadable" ? null : letter.job;
  const connectionId = job?.connectionId ?? null;
  if (connectionId !== null && (await ports.connections.isGone(message.partner, { connectionId }))) {
    // Nothing is left to replay it for, and nothing of it is to be kept.
    ports.metrics.count("JobsOfGone", 1, { partner: message.partner });
    return;
  }
  const failure: Failure = {
    partner: message.partner,
    connectionId: job?.connectionId ?? "-",
    failureId: job === null ? `message-${message.messageId}` : failureIdOf(job),
    fingerprint: fingerprintOf([message.partner, why.kind, why.place, why.code]),
    status: "open",
    job,
    raw: job === null ? redactText(message.body).slice(0, rawCharsMax) : null,
    why,
    firstSeenAtMs: nowMs,
    lastSeenAtMs: nowMs,
    seen: 1,
    replays: 0,
  };
  await ports.failures.record(failure);
  ports.metrics.count("FailuresArchived", 1, { partner: message.partner, kind: why.kind });
}

/** The same for every try of the same work, so that a failed replay opens its own failure again and makes no second one. */
export function failureIdOf(job: Job): string {
  if (job.replayOf !== null) return job.replayOf;
  return job.work.kind === "push" ? `run-${job.work.runId}` : job.id;
}

function crashOf(kind: "job" | "unreadable", nowMs: number): GiveUp {
  if (kind === "job") {
    const message =
      "Ten workers took this job and none came back with it: it crashes them or takes longer than they have. Look at the function's log; then replay.";
    return { code: "worker-lost", kind: "crash", place: "worker", message, call: null, atMs: nowMs };
  }
  const message =
    "A message on the lane was not a job of ours: somebody else writes to the queue, or a version was rolled back. Discard it.";
  return { code: "not-a-job", kind: "data", place: "lane", message, call: null, atMs: nowMs };
}
