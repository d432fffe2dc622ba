import type { HistoryEntry } from "../../../lib/engine/history.ts";
import type { HistoryStore } from "../../../lib/engine/ports.ts";
import type { RecordScope } from "../../../lib/engine/record.ts";

export class MemoryHistoryStore implements HistoryStore {
  readonly entries: HistoryEntry[] = [];

  async append(entry: HistoryEntry): Promise<"appended" | "exists"> {
    if (this.#of(entry, entry.externalId).some((former) => former.version === entry.version)) return "exists";
    this.entries.push(structuredClone(entry));
    return "appended";
  }

  async list(scope: RecordScope, externalId: string, limit: number): Promise<readonly HistoryEntry[]> {
    return structuredClone(
      this.#of(scope, externalId)
        .toSorted((a, b) => b.version - a.version)
        .slice(0, limit),
    );
  }

  #of(scope: RecordScope, externalId: string): HistoryEntry[] {
    return this.entries.filter(
      (entry) =>
        entry.partner === scope.partner &&
        entry.connectionId === scope.connectionId &&
        entry.resource === scope.resource &&
        entry.externalId === externalId,
    );
  }
}
