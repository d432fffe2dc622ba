import type { Failure } from "../../engine/ports.ts";
import { redactText } from "../../engine/redact.ts";
import { adviceFor } from "./failure-advice.ts";
import { isoTime } from "./time.ts";

/** A failure's id in the API tells where it is kept: `partner:connectionId:failureId`. */
export function failureRefOf(failure: FailureKey): string {
  return `${failure.partner}:${failure.connectionId}:${failure.failureId}`;
}

export type FailureKey = Pick<Failure, "partner" | "connectionId" | "failureId">;

/** Only the first two colons part: a failure's own id may hold some. */
export function parseFailureRef(ref: string): FailureKey | null {
  const [, partner, connectionId, failureId] = /^([^:]+):([^:]+):(.+)$/s.exec(ref) ?? [];
  if (partner === undefined || connectionId === undefined || failureId === undefined) return null;
  return { partner, connectionId, failureId };
}

/** Without the job's payload, which is a customer's data, and with what is shown redacted once more. */
export function failureView(failure: Failure): Readonly<Record<string, unknown>> {
  const { why, job } = failure;
  return {
    id: failureRefOf(failure),
    partner: failure.partner,
    connectionId: failure.connectionId === "-" ? null : failure.connectionId,
    failureId: failure.failureId,
    fingerprint: failure.fingerprint,
    status: failure.status,
    kind: why.kind,
    code: why.code,
    place: why.place,
    message: redactText(why.message),
    call: why.call === null ? null : redactText(why.call),
    ...adviceFor(why),
    job:
      job === null
        ? null
        : {
            id: job.id,
            work: job.work.kind,
            lane: job.lane,
            attempts: job.attempts,
            createdAt: isoTime(job.createdAtMs),
            trace: job.trace,
          },
    raw: failure.raw === null ? null : redactText(failure.raw),
    failedAt: isoTime(why.atMs),
    firstSeenAt: isoTime(failure.firstSeenAtMs),
    lastSeenAt: isoTime(failure.lastSeenAtMs),
    seen: failure.seen,
    replays: failure.replays,
  };
}
