import { canonicalJson } from "../../../lib/engine/canonical.ts";
import type { RecordEvent } from "../../../lib/engine/change-event.ts";
import type { HistoryEntry } from "../../../lib/engine/history.ts";
import type { InvariantOf } from "./invariant.ts";

/** The bus tells of what is in the history by then, as it is there; and of each entry at least once. */
export const eventsMatchHistory: InvariantOf = (world, broken) => {
  const entries = new Map<string, HistoryEntry>();
  const told = new Set<string>();
  const checkTold = ({ id, type, detail }: RecordEvent): void => {
    world.ground.coverage.count(told.has(id) ? "event told again" : "event told");
    const entry = entries.get(id);
    told.add(id);
    if (entry === undefined) return broken(`${id} was told, and is in no history`);
    const expected = typeOf(entry.change);
    if (type !== expected || detail.version !== entry.version)
      broken(`${id} was told as ${type} of version ${detail.version}, and its history has ${expected}`);
    if (canonicalJson(detail.data) !== canonicalJson(entry.data)) broken(`${id} was told with other data`);
  };
  return {
    observe(event) {
      if (event.kind === "history-appended") entries.set(idOf(event.entry), event.entry);
      if (event.kind === "event-published" && isOfRecord(event.event)) checkTold(event.event);
    },
    conclude() {
      for (const id of entries.keys()) if (!told.has(id)) broken(`${id} is in the history, and no event told of it`);
    },
  };
};

function isOfRecord(event: { readonly type: string }): event is RecordEvent {
  return event.type.startsWith("record.");
}

function typeOf(change: HistoryEntry["change"]): RecordEvent["type"] {
  switch (change) {
    case "created":
    case "restored":
      return "record.created";
    case "updated":
      return "record.updated";
    case "deleted":
      return "record.deleted";
  }
}

function idOf({ partner, connectionId, resource, externalId, version }: HistoryEntry): string {
  return `${partner}#${connectionId}#${resource}#${externalId}#${version}`;
}
