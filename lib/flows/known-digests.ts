import { isExpected, seenBits } from "../engine/deletions.ts";
import type { SeenSet } from "../engine/deletions.ts";
import { DigestTable } from "../engine/digest-table.ts";
import { compareIds, isRising } from "../engine/id-order.ts";
import type { Ports } from "../engine/ports.ts";
import type { RecordCandidate, RecordMark, RecordScope } from "../engine/record.ts";

/** What the digests index says of a page's candidates. */
export interface Sifted {
  /** Just as they are stored. */
  readonly unchanged: readonly RecordCandidate[];
  /** Not stored at all. */
  readonly absent: readonly RecordCandidate[];
  /** Changed, perhaps, or not covered: the record itself has to be asked. */
  readonly open: readonly RecordCandidate[];
}

/** Compares a full pass with the digests index instead of with the records, which are many times as large. */
export interface KnownDigests {
  sift(candidates: readonly RecordCandidate[]): Promise<Sifted>;
  /** Notes that the pass has seen things; after `sift`. */
  see(externalIds: readonly string[]): void;
  /** How many records the pass should have seen and did not; null where the scope is larger than is kept. */
  unseen(): number | null;
}

export interface Pass {
  readonly scope: RecordScope;
  /** Whether the partner's versions order the resource's states: a newer version of the same state is no standstill. */
  readonly isVersioned: boolean;
  readonly beganMs: number;
  readonly runId: string;
  /** What former workers of the pass have seen; asked once, and only if there were any. */
  readonly readFormerSeen: () => Promise<SeenSet>;
  /** What the pass had fetched before this worker's turn. */
  readonly fetchedBefore: number;
}

/** So many entries are kept of one scope, 17 bytes in a slot each: some 4 MB. */
export const windowMax = 131_072;
/** About 175 KB of index a query, so that its parsing costs little memory. */
const entriesAtOnce = 1_000;
/** The index lags by less than this, as a rule by less than a second: entries younger than that are not relied on. */
const lagMs = 60_000;

interface Window {
  readonly table: DigestTable;
  /** The ids covered: greater than `after`, up to `to`; null is the scope's own start or end. */
  readonly after: string | null;
  readonly to: string | null;
}

/**
 * Reads a part of the index when first asked, and once more when pages that rise with the ids leave that part behind. A
 * scope that fits is read once a turn, whatever the order of the partner's pages. What the index says is up to a turn
 * old. A write decides by the record itself, so a stale entry can only hide that a thing has gone back to a former state
 * within the turn; the event of that change, or the next pass, brings it.
 */
export function createKnownDigests(ports: Pick<Ports, "records">, pass: Pass): KnownDigests {
  let window: Window | null = null;
  return {
    async sift(candidates) {
      const ids = candidates.map((candidate) => candidate.externalId);
      const start = windowStart(pass, window, ids);
      if (start !== null) window = await readWindow(ports, pass, start.after);
      const sifted: Record<keyof Sifted, RecordCandidate[]> = { unchanged: [], absent: [], open: [] };
      for (const candidate of candidates) sifted[place(pass, window, candidate)].push(candidate);
      return sifted;
    },

    see(externalIds) {
      for (const id of externalIds) window?.table.see(id);
    },

    unseen: () => (window?.after === null && window.to === null ? window.table.unseen : null),
  };
}

/** Where the window should start that serves a page; null when the present one (or none) serves as well. */
function windowStart(pass: Pass, window: Window | null, ids: readonly string[]): Pick<Window, "after"> | null {
  const first = ids.toSorted(compareIds)[0];
  if (first === undefined) return null;
  if (window === null && pass.fetchedBefore <= windowMax) return { after: null };
  // The scope is larger than a window: worth one only where pages follow it.
  const isBeyond = window === null || (window.to !== null && compareIds(first, window.to) > 0);
  return isBeyond && isRising(ids) ? { after: first } : null;
}

async function readWindow(ports: Pick<Ports, "records">, pass: Pass, after: string | null): Promise<Window> {
  const table = new DigestTable();
  const seen = after === null && pass.fetchedBefore > 0 ? await pass.readFormerSeen() : null;
  let from = after;
  while (table.count < windowMax) {
    const page = await ports.records.digests(pass.scope, from, entriesAtOnce);
    for (const mark of page.marks) {
      const isLeft = seen === null || !seen.has(seenBits(pass.runId, mark.externalId));
      table.add(mark.externalId, reliableState(pass, mark), isExpected(mark, pass.beganMs) && isLeft);
    }
    if (page.next === null) return { table, after, to: null };
    from = page.next;
  }
  return { table, after, to: from };
}

function place(pass: Pass, window: Window | null, candidate: RecordCandidate): keyof Sifted {
  if (window === null || !covers(window, candidate.externalId)) return "open";
  const known = window.table.find(candidate.externalId, stateOf(pass, candidate));
  return known === "same" ? "unchanged" : known === "different" ? "open" : "absent";
}

function covers({ after, to }: Window, id: string): boolean {
  return (after === null || compareIds(id, after) > 0) && (to === null || compareIds(id, to) <= 0);
}

/** A text that no candidate has stands for what the index may be late about. */
function reliableState(pass: Pass, mark: RecordMark): string {
  return mark.writtenAtMs < pass.beganMs - lagMs ? stateOf(pass, mark) : "";
}

function stateOf({ isVersioned }: Pass, { digest, deleted, order }: RecordMark | RecordCandidate): string {
  if (deleted) return "deleted";
  return isVersioned ? `${digest} ${order}` : digest;
}
