import type { HistoryEntry } from "./history.ts";
import type { Connection, Failure } from "./ports.ts";
import type { StoredRecord } from "./record.ts";

/**
 * What the bus tells applications, at least once: `id` is the same each time one change is told, so a consumer that keeps
 * the ids it has seen acts once. Of one record, events may overtake each other; the greater `version` is the newer state.
 */
export type ChangeEvent = RecordEvent | ConnectionEvent | FailureEvent;

export interface RecordEvent {
  readonly type: "record.created" | "record.updated" | "record.deleted";
  /** The record's own id and its version: `stripe#stripe_1#charges#ch_1#3`. */
  readonly id: string;
  readonly atMs: number;
  readonly detail: {
    readonly partner: string;
    readonly connectionId: string;
    /** null when the connection is gone meanwhile. */
    readonly tenantId: string | null;
    readonly resource: string;
    readonly externalId: string;
    readonly model: string;
    readonly version: number;
    /** Was deleted, and is there again. */
    readonly restored: boolean;
    readonly changed: readonly string[];
    readonly source: HistoryEntry["source"];
    /** null where it is too large for an event: read the record then. */
    readonly data: StoredRecord["data"] | null;
  };
}

export interface ConnectionEvent {
  readonly type:
    | "connection.created"
    | "connection.updated"
    | "connection.resumed"
    | "connection.paused"
    | "connection.needs-reconnect"
    | "connection.removed";
  readonly id: string;
  readonly atMs: number;
  readonly detail: {
    readonly partner: string;
    readonly connectionId: string;
    readonly tenantId: string;
    readonly name: string;
    /** null when it was removed. */
    readonly status: Connection["status"] | null;
  };
}

export interface FailureEvent {
  readonly type: "failure.opened" | "failure.resolved" | "failure.discarded";
  readonly id: string;
  readonly atMs: number;
  readonly detail: {
    readonly partner: string;
    /** `-` when the job never got as far as a connection. */
    readonly connectionId: string;
    readonly failureId: string;
    readonly fingerprint: string;
    readonly kind: Failure["why"]["kind"];
    readonly code: string;
    readonly place: string;
    readonly seen: number;
  };
}

/** The service that events name as their source. */
export const eventSource = "sluice";

/** EventBridge takes 256 KB a call, names and all: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html */
const dataCharsMax = 60_000;

/** What is told of one entry of a record's history. */
export function recordEventOf(entry: HistoryEntry, model: string, tenantId: string | null): RecordEvent {
  const { partner, connectionId, resource, externalId, version, change, changed, source, data } = entry;
  return {
    type: `record.${change === "restored" ? "created" : change}`,
    id: [partner, connectionId, resource, externalId, version].join("#"),
    atMs: entry.writtenAtMs,
    detail: {
      partner,
      connectionId,
      tenantId,
      resource,
      externalId,
      model,
      version,
      restored: change === "restored",
      changed,
      source,
      data: JSON.stringify(data).length <= dataCharsMax ? data : null,
    },
  };
}

/** What is told of a connection that changed; null where nothing changed that anybody outside would act on. */
export function connectionEventOf(before: Connection | null, after: Connection | null): ConnectionEvent | null {
  const connection = after ?? before;
  if (connection === null) return null;
  const type = connectionChange(before, after);
  if (type === null) return null;
  const { partner, connectionId, tenantId, name, revision, updatedAtMs } = connection;
  return {
    type,
    id: [partner, connectionId, after === null ? `removed-${revision}` : revision].join("#"),
    atMs: updatedAtMs,
    detail: { partner, connectionId, tenantId, name, status: after?.status ?? null },
  };
}

function connectionChange(before: Connection | null, after: Connection | null): ConnectionEvent["type"] | null {
  if (after === null) return "connection.removed";
  if (before === null) return "connection.created";
  if (before.status === after.status) return before.revision === after.revision ? null : "connection.updated";
  return after.status === "active" ? "connection.resumed" : `connection.${after.status}`;
}

/** What is told of a failure that changed; null while a replay is under way. */
export function failureEventOf(before: Failure | null, after: Failure): FailureEvent | null {
  if (after.status === "replaying") return null;
  if (before?.status === after.status && before.seen === after.seen) return null;
  const { partner, connectionId, failureId, fingerprint, status, why, seen, replays, lastSeenAtMs } = after;
  return {
    type: `failure.${status === "open" ? "opened" : status}`,
    id: [partner, connectionId, failureId, status, seen, replays].join("#"),
    atMs: lastSeenAtMs,
    detail: { partner, connectionId, failureId, fingerprint, kind: why.kind, code: why.code, place: why.place, seen },
  };
}
