import type { Failure } from "../../../../lib/engine/ports.ts";
import type { RecordCandidate } from "../../../../lib/engine/record.ts";
import { noProgress } from "../../../../lib/engine/run.ts";
import type { Run } from "../../../../lib/engine/run.ts";
import { startMs } from "../../../support/memory-ports.ts";
import type { MemoryPorts } from "../../../support/memory-ports.ts";

export function makeRun(connectionId: string, changes: Partial<Run> = {}): Run {
  return {
    partner: "acme",
    connectionId,
    runId: "orders-1",
    resource: "orders",
    mode: "full",
    trigger: "schedule",
    revision: 1,
    sequence: 0,
    nudgeId: "nudge-1",
    lease: null,
    status: { kind: "active", waiting: null },
    checkpoint: { position: { kind: "end" }, sinceMs: null, beganMs: startMs },
    progress: noProgress,
    attempts: 0,
    looks: 0,
    notBeforeMs: startMs,
    nextLookMs: startMs,
    startedAtMs: startMs,
    updatedAtMs: startMs,
    trace: "trace-1",
    replayOf: null,
    ...changes,
  };
}

export async function putRecord(
  ports: MemoryPorts,
  connectionId: string,
  externalId: string,
  changes: Partial<RecordCandidate> = {},
): Promise<void> {
  const candidate: RecordCandidate = {
    externalId,
    model: "order",
    digest: `digest of ${externalId}`,
    order: startMs,
    orderedBy: "fetch",
    deleted: false,
    fetchedAtMs: startMs,
    source: { kind: "run", id: "orders-1" },
    data: { amount: externalId },
    ...changes,
  };
  await ports.records.write({ partner: "acme", connectionId, resource: "orders" }, candidate, null);
}

export function makeFailure(failureId: string, changes: Partial<Failure> = {}): Failure {
  return {
    partner: "acme",
    connectionId: "-",
    failureId,
    fingerprint: "fingerprint-1",
    status: "open",
    job: {
      version: 1,
      id: failureId,
      partner: "acme",
      connectionId: null,
      lane: "webhooks",
      attempts: 8,
      hops: 8,
      createdAtMs: startMs,
      expiresAtMs: startMs + 1,
      trace: "trace-1",
      replayOf: null,
      work: {
        kind: "webhook",
        receivedAtMs: startMs,
        contentType: "application/json",
        body: { kind: "text", text: '{"card":"the-payload-of-a-customer"}' },
      },
    },
    raw: null,
    why: {
      code: "http-500",
      kind: "transient",
      place: "webhook",
      message: "Acme answered 500.",
      call: "GET /orders/1 → 500",
      atMs: startMs,
    },
    firstSeenAtMs: startMs,
    lastSeenAtMs: startMs,
    seen: 1,
    replays: 0,
    ...changes,
  };
}
