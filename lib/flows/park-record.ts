import { fingerprintOf } from "../engine/fingerprint.ts";
import type { PartnerError } from "../engine/errors.ts";
import { webhookExpiryMs } from "../engine/job.ts";
import type { Job } from "../engine/job.ts";
import type { Ports } from "../engine/ports.ts";
import { redactText } from "../engine/redact.ts";
import type { SaveTarget } from "./save-records.ts";

const rawCharsMax = 1024;

/** Keeps one bad record aside as a data failure, so that the page it came in goes on; a replay fetches it again by its id. */
export async function parkRecord(
  ports: Pick<Ports, "clock" | "failures" | "metrics">,
  target: SaveTarget,
  error: PartnerError,
  raw: unknown,
  externalId: string | null,
): Promise<void> {
  const nowMs = ports.clock.nowMs();
  const { driver, connection, resourceName } = target;
  const why = {
    code: error.code,
    kind: error.kind,
    place: `${resourceName} record`,
    message: error.message,
    call: null,
    atMs: nowMs,
  };
  await ports.failures.record({
    partner: driver.name,
    connectionId: connection.connectionId,
    failureId: `record-${resourceName}-${externalId ?? fingerprintOf([error.cause.actual, JSON.stringify(raw) ?? ""])}`,
    fingerprint: fingerprintOf([driver.name, why.kind, why.place, why.code, error.cause.actual]),
    status: "open",
    job: externalId === null ? null : refreshJob(target, externalId, nowMs),
    raw: redactText(JSON.stringify(raw) ?? String(raw)).slice(0, rawCharsMax),
    why,
    firstSeenAtMs: nowMs,
    lastSeenAtMs: nowMs,
    seen: 1,
    replays: 0,
  });
  ports.metrics.count("RecordsParked", 1, { partner: driver.name });
}

function refreshJob(target: SaveTarget, externalId: string, nowMs: number): Job {
  return {
    version: 1,
    id: `refresh-${target.resourceName}-${externalId}`.slice(0, 200),
    partner: target.driver.name,
    connectionId: target.connection.connectionId,
    lane: "webhooks",
    attempts: 0,
    hops: 0,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + webhookExpiryMs,
    trace: target.trace,
    replayOf: null,
    work: { kind: "refresh", resource: target.resourceName, externalId },
  };
}
