import { canonicalJson } from "./canonical.ts";
import type { RecordScope, RecordSource, StoredRecord } from "./record.ts";

/** One state that a record has had: what changed, and which webhook or run brought it. */
export interface HistoryEntry extends RecordScope {
  readonly externalId: string;
  readonly version: number;
  readonly change: "created" | "updated" | "deleted" | "restored";
  /** Names of the model's fields that differ from the version before; none of a first one. */
  readonly changed: readonly string[];
  readonly source: RecordSource;
  readonly fetchedAtMs: number;
  readonly writtenAtMs: number;
  readonly data: StoredRecord["data"];
}

const changedMax = 100;

/** What of the state before a change tells what changed. */
export type Former = Pick<StoredRecord, "data" | "deleted">;

/** What became of a record between two of its states, as its history tells it. */
export function historyOf(before: Former | null, after: StoredRecord): HistoryEntry {
  const { partner, connectionId, resource, externalId, version, source, fetchedAtMs, writtenAtMs, data } = after;
  const changed = before === null ? [] : changedFields(before.data, data);
  return {
    partner,
    connectionId,
    resource,
    externalId,
    version,
    change: changeOf(before, after),
    changed,
    source,
    fetchedAtMs,
    writtenAtMs,
    data,
  };
}

function changeOf(before: Former | null, after: StoredRecord): HistoryEntry["change"] {
  if (after.deleted) return "deleted";
  if (before === null) return "created";
  return before.deleted ? "restored" : "updated";
}

function changedFields(before: StoredRecord["data"], after: StoredRecord["data"]): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => textOf(before[name]) !== textOf(after[name])).slice(0, changedMax);
}

function textOf(value: unknown): string | null {
  return value === undefined ? null : canonicalJson(value);
}
