import type { HistoryEntry } from "../../../lib/engine/history.ts";
import { rebuildVerdict } from "../../../lib/engine/rebuild.ts";
import type { RecordScope } from "../../../lib/engine/record.ts";
import type { InvariantOf } from "./invariant.ts";

/** At rest the history alone says what every record is, and each of its entries follows from the one before. */
export const historyRebuilds: InvariantOf = (world, broken) => ({
  conclude() {
    const nowMs = world.ground.loop.nowMs();
    const histories = Map.groupBy(world.stores.history.entries, keyOf);
    for (const record of world.stores.records.all()) {
      const entries = (histories.get(keyOf(record)) ?? []).toSorted((a, b) => a.version - b.version);
      const verdict = rebuildVerdict(record, entries.at(-1) ?? null, nowMs);
      if (verdict !== "same") broken(`${keyOf(record)}: rebuilt from its history it is ${verdict}`);
      for (const [index, { change, version }] of entries.entries()) {
        const former = entries[index - 1]?.change ?? null;
        if (!follows(former, change))
          broken(`${keyOf(record)}: version ${version} was "${change}" after "${former ?? "nothing"}"`);
      }
    }
  },
});

function follows(former: HistoryEntry["change"] | null, change: HistoryEntry["change"]): boolean {
  if (former === null) return change === "created" || change === "deleted";
  // What was deleted can only come back.
  return former === "deleted" ? change === "restored" : change === "updated" || change === "deleted";
}

function keyOf(record: RecordScope & { readonly externalId: string }): string {
  return `${record.partner}#${record.connectionId}#${record.resource}#${record.externalId}`;
}
