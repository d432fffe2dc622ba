/** Whose records: one resource of one connection. */
export interface RecordScope {
  readonly partner: string;
  readonly connectionId: string;
  readonly resource: string;
}

/** What is compared before anything is written. */
export interface RecordMark {
  readonly externalId: string;
  readonly digest: string;
  /** As in `RecordCandidate`; of a tombstone it means nothing. */
  readonly order: number;
  readonly version: number;
  readonly deleted: boolean;
  /** When our store took this state, by the clock of the worker that wrote it. */
  readonly writtenAtMs: number;
}

/** Which webhook or run brought a state. */
export type RecordSource =
  { readonly kind: "webhook"; readonly id: string } | { readonly kind: "run"; readonly id: string };

/** One state of one record as a flow hands it to the store. */
export interface RecordCandidate {
  readonly externalId: string;
  readonly model: string;
  readonly digest: string;
  /** The partner's own version where it has one that grows with every change, else milliseconds when our fetch began. */
  readonly order: number;
  readonly orderedBy: "version" | "fetch";
  readonly deleted: boolean;
  readonly fetchedAtMs: number;
  readonly source: RecordSource;
  /** Normalised by the driver, the partner's own fields under `extra`. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface StoredRecord extends Omit<RecordCandidate, "orderedBy">, RecordScope {
  /** Ours, from 1, one more for every state that differs. */
  readonly version: number;
  readonly writtenAtMs: number;
}

/** Which records somebody wants to read. */
export interface RecordFilter {
  /** Our store took their state then or later; null: whenever. */
  readonly writtenSinceMs: number | null;
  readonly deleted: "include" | "exclude" | "only";
}

export function isWanted(filter: RecordFilter, record: Pick<RecordMark, "writtenAtMs" | "deleted">): boolean {
  if (filter.writtenSinceMs !== null && record.writtenAtMs < filter.writtenSinceMs) return false;
  return filter.deleted === "include" || (filter.deleted === "only") === record.deleted;
}

/** `unclear`: nothing says which of two states is newer; the thing has to be fetched again. */
export type WriteOutcome = "created" | "updated" | "unchanged" | "stale" | "deleted" | "unclear";

/** `advance`: the state is known, under an older version of the partner's; only the order moves. */
export type Verdict = "write" | "advance" | "unchanged" | "stale" | "unclear";

/** More than two of our clocks may differ. */
export const skewMsMax = 1_000;
/** No partner's lists lag by as much: a version lower than one that we have had for so long is of a clock that went back. */
export const lagMsMax = 3_600_000;

/**
 * Which of two states of one record is newer. By the partner's version where both have one. Otherwise by our own clocks:
 * a fetch that began after the stored state was written saw something newer, and one that began before may have seen
 * either, so it is `unclear`. Tombstones carry no version of the partner's: a 404 says only when it was seen.
 *
 * @example
 * compareWithMark(candidate, null); // "write"
 */
export function compareWithMark(
  candidate: Pick<RecordCandidate, "digest" | "order" | "orderedBy" | "deleted" | "fetchedAtMs">,
  mark: Omit<RecordMark, "externalId" | "version"> | null,
): Verdict {
  // A deletion of something never seen is written too: its tombstone stops an older page from bringing the thing back.
  if (mark === null) return "write";
  const isSame = candidate.deleted === mark.deleted && (mark.deleted || candidate.digest === mark.digest);
  const isLater = mark.writtenAtMs + skewMsMax < candidate.fetchedAtMs;
  if (candidate.orderedBy === "fetch" || mark.deleted) {
    if (isSame) return "unchanged";
    return isLater ? "write" : "unclear";
  }
  if (candidate.order > mark.order) return isSame ? "advance" : "write";
  if (isSame) return "unchanged";
  // The same version of something else: a driver that maps differently now, or a version too coarse for two changes.
  if (candidate.order === mark.order) return isLater ? "write" : "unclear";
  return mark.writtenAtMs + lagMsMax < candidate.fetchedAtMs ? "write" : "stale";
}
