import { recordEventOf } from "../engine/change-event.ts";
import { historyOf } from "../engine/history.ts";
import type { HistoryEntry } from "../engine/history.ts";
import { mapBounded } from "../engine/map-bounded.ts";
import type { PageRequest, Ports } from "../engine/ports.ts";
import { rebuildVerdict } from "../engine/rebuild.ts";
import type { RebuildVerdict } from "../engine/rebuild.ts";
import type { RecordScope, StoredRecord } from "../engine/record.ts";

export type RebuildPorts = Pick<Ports, "clock" | "records" | "history" | "events" | "connections">;

export interface Rebuilt {
  readonly checked: number;
  readonly same: number;
  /** External ids of the page that are not the same, and how they differ. */
  readonly others: readonly { readonly externalId: string; readonly verdict: Exclude<RebuildVerdict, "same"> }[];
  readonly repaired: number;
  readonly next: string | null;
}

const readsAtOnce = 8;

/**
 * Rebuilds one page of records from history alone and compares: what proves that the history has lost nothing. With
 * `repair`, the last state of a record whose history ends too early is put at its end and told again, under the id that it
 * would have had; states in between that the stream lost stay lost.
 */
export async function rebuildRecords(
  ports: RebuildPorts,
  scope: RecordScope,
  page: PageRequest,
  repair: boolean,
): Promise<Rebuilt> {
  const records = await ports.records.list(scope, page);
  const nowMs = ports.clock.nowMs();
  const compared = await mapBounded(records.items, readsAtOnce, async (record) => {
    const newest = (await ports.history.list(scope, record.externalId, 1))[0] ?? null;
    return { record, newest, verdict: rebuildVerdict(record, newest, nowMs) };
  });
  const gaps = repair ? compared.filter(({ verdict }) => verdict === "gap") : [];
  for (const { record, newest } of gaps) await close(ports, record, newest);
  return {
    checked: compared.length,
    same: compared.filter(({ verdict }) => verdict === "same").length,
    others: compared.flatMap(({ record: { externalId }, verdict }) =>
      verdict === "same" ? [] : [{ externalId, verdict }],
    ),
    repaired: gaps.length,
    next: records.next,
  };
}

async function close(ports: RebuildPorts, record: StoredRecord, newest: HistoryEntry | null): Promise<void> {
  const before = newest === null ? null : { data: newest.data, deleted: newest.change === "deleted" };
  const entry = historyOf(before, record);
  await ports.history.append(entry);
  const connection = await ports.connections.read(record.partner, record.connectionId);
  await ports.events.publish([recordEventOf(entry, record.model, connection?.tenantId ?? null)]);
}
