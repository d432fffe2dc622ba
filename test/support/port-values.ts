import type { Job } from "../../lib/engine/job.ts";
import type { Connection, Failure, GiveUp, ResourceState } from "../../lib/engine/ports.ts";
import type { RecordCandidate } from "../../lib/engine/record.ts";
import { noProgress } from "../../lib/engine/run.ts";
import type { Run } from "../../lib/engine/run.ts";
import { startMs } from "./memory/clock.ts";

/** Values of every kind that ports take, each complete, to be varied by a test. */

export interface Owner {
  readonly partner: string;
  readonly connectionId: string;
}

export function webhookJob(
  owner: { readonly partner: string; readonly connectionId: string | null },
  changes: Partial<Job> = {},
): Job {
  return {
    version: 1,
    id: "webhook-1",
    ...owner,
    lane: "webhooks",
    attempts: 0,
    hops: 0,
    createdAtMs: startMs,
    expiresAtMs: startMs + 86_400_000,
    trace: "trace-1",
    replayOf: null,
    work: {
      kind: "webhook",
      receivedAtMs: startMs,
      contentType: "application/json",
      body: { kind: "text", text: '{"id":"evt_1"}' },
    },
    ...changes,
  };
}

export function giveUpFor(code: string): GiveUp {
  return {
    code,
    kind: "data",
    place: "webhook",
    message: "What came was no JSON.",
    call: "GET /things/1 → 200",
    atMs: startMs,
  };
}

export function runOf(owner: Owner, changes: Partial<Run> = {}): Run {
  return {
    ...owner,
    runId: "run-1",
    resource: "things",
    mode: "full",
    trigger: "schedule",
    revision: 1,
    sequence: 0,
    nudgeId: "nudge-1",
    lease: null,
    status: { kind: "active", waiting: null },
    checkpoint: { position: { kind: "open", cursor: null, handled: [] }, sinceMs: null, beganMs: startMs },
    progress: noProgress,
    attempts: 0,
    looks: 0,
    notBeforeMs: startMs,
    nextLookMs: startMs + 120_000,
    startedAtMs: startMs,
    updatedAtMs: startMs,
    trace: "trace-1",
    replayOf: null,
    ...changes,
  };
}

export function connectionOf(owner: Owner, changes: Partial<Connection> = {}): Connection {
  return {
    ...owner,
    tenantId: "tenant-1",
    name: "A connection",
    account: null,
    settings: {},
    status: "active",
    sealedWebhookSecret: null,
    revision: 1,
    createdAtMs: startMs,
    updatedAtMs: startMs,
    ...changes,
  };
}

export function resourceOf(owner: Owner, changes: Partial<ResourceState> = {}): ResourceState {
  return {
    ...owner,
    resource: "things",
    nextDueMs: startMs,
    activeRunId: null,
    watermarkMs: null,
    fullPassAtMs: null,
    succeededAtMs: null,
    lastError: null,
    revision: 1,
    ...changes,
  };
}

export function candidateOf(changes: Partial<RecordCandidate> = {}): RecordCandidate {
  return {
    externalId: "thing-1",
    model: "payment",
    digest: "digest-1",
    order: 1_000,
    orderedBy: "version",
    deleted: false,
    fetchedAtMs: startMs,
    source: { kind: "run", id: "run-1" },
    data: { amount: 100, note: "ä 💶", nested: { list: [1, null, "two"] } },
    ...changes,
  };
}

export function failureOf(owner: Owner, changes: Partial<Failure> = {}): Failure {
  return {
    ...owner,
    failureId: "failure-1",
    fingerprint: "fingerprint-1",
    status: "open",
    job: webhookJob(owner),
    raw: null,
    why: giveUpFor("bad-json"),
    firstSeenAtMs: startMs,
    lastSeenAtMs: startMs,
    seen: 1,
    replays: 0,
    ...changes,
  };
}
