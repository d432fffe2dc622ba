import type { Clock, Page, PageRequest, RecordStore } from "../../../lib/engine/ports.ts";
import { compareWithMark, isWanted } from "../../../lib/engine/record.ts";
import type {
  RecordCandidate,
  RecordFilter,
  RecordMark,
  RecordScope,
  StoredRecord,
  WriteOutcome,
} from "../../../lib/engine/record.ts";
import { byBytes, pageOf } from "./pages.ts";

export class MemoryRecordStore implements RecordStore {
  readonly #records = new Map<string, StoredRecord>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The eraser's. */
  forget(record: RecordScope & { readonly externalId: string }): void {
    this.#records.delete(keyOf(record, record.externalId));
  }

  all(): StoredRecord[] {
    return [...this.#records.values()].map((record) => structuredClone(record));
  }

  async read(scope: RecordScope, externalId: string): Promise<StoredRecord | null> {
    const record = this.#records.get(keyOf(scope, externalId));
    return record === undefined ? null : structuredClone(record);
  }

  async marks(scope: RecordScope, externalIds: readonly string[]): Promise<ReadonlyMap<string, RecordMark>> {
    if (externalIds.length > 100) throw new Error(`marks() takes at most 100 ids, not ${externalIds.length}`);
    const marks = new Map<string, RecordMark>();
    for (const externalId of externalIds) {
      const record = this.#records.get(keyOf(scope, externalId));
      if (record === undefined) continue;
      const { digest, order, version, deleted, writtenAtMs } = record;
      marks.set(externalId, { externalId, digest, order, version, deleted, writtenAtMs });
    }
    return marks;
  }

  async digests(
    scope: RecordScope,
    after: string | null,
    limit: number,
  ): Promise<{ readonly marks: readonly RecordMark[]; readonly next: string | null }> {
    const all = this.#of(scope).toSorted((a, b) => byBytes(a.externalId, b.externalId));
    const rest = all.filter((record) => after === null || byBytes(record.externalId, after) > 0);
    const marks = rest.slice(0, limit).map(({ externalId, digest, order, version, deleted, writtenAtMs }) => {
      return { externalId, digest, order, version, deleted, writtenAtMs };
    });
    return { marks, next: rest.length > limit ? (marks.at(-1)?.externalId ?? null) : null };
  }

  async write(scope: RecordScope, candidate: RecordCandidate, mark: RecordMark | null): Promise<WriteOutcome> {
    const known = compareWithMark(candidate, mark);
    if (known !== "write" && known !== "advance") return known;
    const key = keyOf(scope, candidate.externalId);
    const stored = this.#records.get(key) ?? null;
    const verdict = compareWithMark(candidate, stored);
    const { orderedBy: _, ...state } = candidate;
    if (verdict === "advance" && stored !== null) {
      this.#records.set(key, { ...stored, order: candidate.order });
      return "unchanged";
    }
    if (verdict === "advance") throw new Error("what is not there has no order to move");
    if (verdict !== "write") return verdict;
    const version = (stored?.version ?? 0) + 1;
    // A tombstone keeps the last data known.
    const data = candidate.deleted && stored !== null ? stored.data : candidate.data;
    const { partner, connectionId, resource } = scope;
    this.#records.set(
      key,
      structuredClone({
        ...state,
        data,
        partner,
        connectionId,
        resource,
        version,
        writtenAtMs: this.#clock.nowMs(),
      }),
    );
    if (candidate.deleted) return "deleted";
    return version === 1 ? "created" : "updated";
  }

  async list(scope: RecordScope, page: PageRequest): Promise<Page<StoredRecord>> {
    return pageOf(this.#of(scope), (record) => record.externalId, "ascending", page);
  }

  async find(scope: RecordScope, filter: RecordFilter, page: PageRequest): Promise<Omit<Page<StoredRecord>, "total">> {
    const wanted = this.#of(scope).filter((record) => isWanted(filter, record));
    const { total: _, ...found } = pageOf(wanted, (record) => record.externalId, "ascending", page);
    return found;
  }

  #of(scope: RecordScope): StoredRecord[] {
    const { partner, connectionId, resource } = scope;
    return this.all().filter(
      (record) => record.partner === partner && record.connectionId === connectionId && record.resource === resource,
    );
  }
}

function keyOf(scope: RecordScope, externalId: string): string {
  return JSON.stringify([scope.partner, scope.connectionId, scope.resource, externalId]);
}
