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
  /** Milliseconds that order two states of one record: the partner's own version where it has one, else when our fetch began. */
  readonly order: number;
  readonly version: number;
  readonly deleted: boolean;
}

/** Which webhook or run brought a state. */
export type RecordSource =
  { readonly kind: "webhook"; readonly id: string } | { readonly kind: "run"; readonly id: string };

/** One state of one record as a flow hands it to the store. */
export interface RecordCandidate {
  readonly externalId: string;
  readonly model: string;
  readonly digest: string;
  readonly order: number;
  readonly deleted: boolean;
  readonly fetchedAtMs: number;
  readonly source: RecordSource;
  /** Normalised by the driver, the partner's own fields under `extra`. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface StoredRecord extends RecordCandidate, RecordScope {
  /** Ours, from 1, one more for every state that differs. */
  readonly version: number;
  readonly writtenAtMs: number;
}

export type WriteOutcome = "created" | "updated" | "unchanged" | "stale" | "deleted";

/** Whether a candidate is worth a write at all, from what is known; the store's own condition decides under a race. */
export function compareWithMark(
  candidate: Pick<RecordCandidate, "digest" | "order" | "deleted">,
  mark: RecordMark | null,
): "write" | "unchanged" | "stale" {
  // A deletion of something never seen is written too: its tombstone stops an older page from bringing the thing back.
  if (mark === null) return "write";
  if (candidate.digest === mark.digest && candidate.deleted === mark.deleted) return "unchanged";
  return candidate.order <= mark.order ? "stale" : "write";
}
