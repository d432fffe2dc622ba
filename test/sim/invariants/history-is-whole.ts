import type { HistoryEntry } from "../../../lib/engine/history.ts";
import type { RecordScope } from "../../../lib/engine/record.ts";
import type { InvariantOf } from "./invariant.ts";

/** Each version of each record is in its history, once, as it was; the latest is the record. */
export const historyIsWhole: InvariantOf = (world, broken) => ({
  conclude() {
    const entries = new Map<string, HistoryEntry>();
    for (const entry of world.stores.history.entries) {
      const id = `${keyOf(entry)}#${entry.version}`;
      if (entries.has(id)) broken(`${id} is in the history twice`);
      entries.set(id, entry);
    }
    for (const record of world.stores.records.all()) {
      for (let version = 1; version <= record.version; version++) {
        const entry = entries.get(`${keyOf(record)}#${version}`);
        if (entry === undefined) broken(`${keyOf(record)}: version ${version} of ${record.version} is in no history`);
        else if (version === record.version && JSON.stringify(entry.data) !== JSON.stringify(record.data))
          broken(
            `${keyOf(record)}: its history ends with ${JSON.stringify(entry.data)}, the record is ${JSON.stringify(record.data)}`,
          );
      }
    }
    for (const { after } of world.stores.records.stream) {
      const entry = entries.get(`${keyOf(after)}#${after.version}`);
      if (entry !== undefined && JSON.stringify(entry.data) !== JSON.stringify(after.data))
        broken(`${keyOf(after)}: version ${after.version} is not in the history as it was written`);
    }
  },
});

function keyOf(record: RecordScope & { readonly externalId: string }): string {
  return `${record.partner}#${record.connectionId}#${record.resource}#${record.externalId}`;
}
