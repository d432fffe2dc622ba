import { historyOf } from "../engine/history.ts";
import type { Ports } from "../engine/ports.ts";
import type { StoredRecord } from "../engine/record.ts";

/** Takes one change of a record to its history. The stream tells of it at least once; a version is kept once. */
export async function publishChange(
  ports: Pick<Ports, "history" | "metrics">,
  change: { readonly before: StoredRecord | null; readonly after: StoredRecord },
): Promise<void> {
  const entry = historyOf(change.before, change.after);
  if ((await ports.history.append(entry)) === "appended")
    ports.metrics.count("RecordsChanged", 1, { partner: entry.partner, kind: entry.change });
}
