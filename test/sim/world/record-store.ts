import type { Clock } from "../../../lib/engine/ports.ts";
import type {
  RecordCandidate,
  RecordMark,
  RecordScope,
  StoredRecord,
  WriteOutcome,
} from "../../../lib/engine/record.ts";
import { MemoryRecordStore } from "../../support/memory/record-store.ts";
import type { Ground } from "../kernel/ground.ts";
import type { Prng } from "../kernel/prng.ts";

export interface RecordChange {
  readonly before: StoredRecord | null;
  readonly after: StoredRecord;
}

/** The digests index lags by up to this. */
const lagMsMax = 30_000;

/** The records' table with its stream, its index that lags, and everything that it stores told to the invariants. */
export class SimulatedRecordStore extends MemoryRecordStore {
  /** The table's stream: every write, in order. */
  readonly stream: RecordChange[] = [];
  onChange: () => void = () => {};
  readonly #ground: Ground;
  readonly #prng: Prng;
  readonly #staleness: number;
  /** What the index may not know of yet. */
  #recent: readonly (RecordChange & { readonly atMs: number })[] = [];

  constructor(ground: Ground, clock: Clock, prng: Prng, staleness: number) {
    super(clock);
    this.#ground = ground;
    this.#prng = prng;
    this.#staleness = staleness;
  }

  override async write(scope: RecordScope, candidate: RecordCandidate, mark: RecordMark | null): Promise<WriteOutcome> {
    const before = await super.read(scope, candidate.externalId);
    const outcome = await super.write(scope, candidate, mark);
    this.#ground.coverage.count(`record ${outcome}`);
    const after = await super.read(scope, candidate.externalId);
    if (after === null || (after.version === before?.version && after.order === before.order)) return outcome;
    this.#ground.tell({ kind: "record-written", before, after });
    const atMs = this.#ground.loop.nowMs();
    this.#recent = [...this.#recent.filter((change) => atMs - change.atMs < lagMsMax), { before, after, atMs }];
    this.stream.push({ before, after });
    this.onChange();
    return outcome;
  }

  override async digests(
    scope: RecordScope,
    after: string | null,
    limit: number,
  ): ReturnType<MemoryRecordStore["digests"]> {
    const page = await super.digests(scope, after, limit);
    if (!this.#ground.isFaulty() || !this.#prng.chance(this.#staleness)) return page;
    const sinceMs = this.#ground.loop.nowMs() - this.#prng.between(0, lagMsMax);
    const marks = page.marks.flatMap((mark) => this.#markAt(scope, mark, sinceMs));
    if (marks.length < page.marks.length || marks.some((mark, index) => mark !== page.marks[index]))
      this.#ground.coverage.count("digests lag");
    return { ...page, marks };
  }

  /** The mark as it was; none of a record that was not there yet. */
  #markAt(scope: RecordScope, mark: RecordMark, atMs: number): readonly RecordMark[] {
    const change = this.#recent.find(
      (one) =>
        one.atMs > atMs &&
        one.after.externalId === mark.externalId &&
        one.after.partner === scope.partner &&
        one.after.connectionId === scope.connectionId,
    );
    if (change === undefined) return [mark];
    if (change.before === null) return [];
    const { externalId, digest, order, version, deleted, writtenAtMs } = change.before;
    return [{ externalId, digest, order, version, deleted, writtenAtMs }];
  }
}
