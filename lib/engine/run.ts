import type { Cascade, ChildProgress } from "./cascade.ts";

/**
 * One import of one resource of one connection, as a value with pure transitions. Every transition bumps `revision`;
 * the store writes it on condition that the stored revision is the one it was computed from. That one condition is
 * the fence: a worker whose lease was taken over finds its revision gone and can move nothing.
 */
export interface Run {
  readonly partner: string;
  readonly connectionId: string;
  readonly runId: string;
  readonly resource: string;
  readonly mode: RunMode;
  readonly trigger: "schedule" | "manual" | "connected";
  readonly revision: number;
  /** Advances each time a worker leaves; a nudge that names an older one is behind. */
  readonly sequence: number;
  /** The one nudge that may wait for a live lease. */
  readonly nudgeId: string;
  readonly lease: { readonly owner: string; readonly expiresAtMs: number } | null;
  readonly status: RunStatus;
  readonly checkpoint: Checkpoint;
  readonly progress: Progress;
  /** Failures since the last page that was saved. */
  readonly attempts: number;
  /** Times the sweeper found it standing still since a worker last saved a page or left it. */
  readonly looks: number;
  readonly notBeforeMs: number;
  readonly nextLookMs: number;
  readonly startedAtMs: number;
  readonly updatedAtMs: number;
  readonly trace: string;
  /** The failure that this run tries again; its success closes the failure. */
  readonly replayOf: string | null;
}

export type RunMode = "full" | "incremental";

export type RunStatus =
  | { readonly kind: "active"; readonly waiting: string | null }
  | { readonly kind: "done"; readonly atMs: number }
  | { readonly kind: "failed"; readonly atMs: number; readonly failureId: string; readonly code: string };

/** A page strategy's own state; small and serialisable. */
export type Cursor = Readonly<Record<string, string | number | null>>;

export interface Checkpoint {
  readonly position: Position;
  /** Incremental only: changes at or after this are asked for. */
  readonly sinceMs: number | null;
  /** When the run began to look at the partner: the next watermark. */
  readonly beganMs: number;
  /** What the partner gave for the next import to start from. */
  readonly syncToken?: string;
}

/** Where a run is: among the partner's pages, or at the children of the page it has just saved. */
export type Position = PagePosition | Cascade<PagePosition>;

export type PagePosition =
  /**
   * A page to fetch. Of a feed's page that a former worker had to leave, `feedPage` is what is left of it, or, where that is
   * too much to keep, `handled` the ids that are seen to.
   */
  | {
      readonly kind: "open";
      readonly cursor: Cursor | null;
      readonly handled: readonly string[];
      readonly feedPage?: FeedPage;
    }
  /** A full pass over its last page: looking for what it did not see. */
  | Sweep
  | { readonly kind: "end" };

/** Of a feed's page that was read: the ids that are still to be fetched, and what else it said. */
export interface FeedPage {
  readonly ids: readonly string[];
  /** The cursor of the page after it; null: this was the last one. */
  readonly next: Cursor | null;
  readonly total: number | null;
}

/** Characters of JSON: a run is one stored item, rewritten with each turn. */
const feedPageCharsMax = 50_000;

/** Whether what a page named is small enough to be kept in a run. */
export function isKeepable(page: FeedPage): boolean {
  return JSON.stringify(page).length <= feedPageCharsMax;
}

/** A walk through the records' index, first to count what a full pass did not see, then to ask the partner for each of it. */
export interface Sweep {
  readonly kind: "sweep";
  readonly step: "count" | "confirm";
  /** Things that the pass saw. */
  readonly fetched: number;
  /** What was seen is looked at in parts that fit into memory. */
  readonly part: number;
  /** The id to go on after. */
  readonly after: string | null;
  readonly expected: number;
  readonly missing: number;
}

export interface Progress {
  readonly pages: number;
  readonly fetched: number;
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly stale: number;
  readonly deleted: number;
  readonly parked: number;
  /** What the partner says there is in all; null where it does not say. */
  readonly total: number | null;
  /** Times that the partner had forgotten where we were, and everything was passed over again. */
  readonly restarts?: number;
  /** Of the tree below, by the resource that children are kept under; absent where no thing that changed has children. */
  readonly children?: Readonly<Record<string, ChildProgress>>;
}

export const noProgress: Progress = {
  pages: 0,
  fetched: 0,
  created: 0,
  updated: 0,
  unchanged: 0,
  stale: 0,
  deleted: 0,
  parked: 0,
  total: null,
};

/** Longer than one page takes (call time-out and writes); renewed by each checkpoint, so that a dead worker's run is free again soon. */
export const leaseMs = 75_000;
/** A run that nothing moves is nudged after this, then after twice as long, up to an hour: its nudge may just be queued behind others. */
export const lookAfterMs = 120_000;
const lookAfterMsMax = 3_600_000;
/** A run that this many nudges did not move (about nine hours) kills its workers or is forgotten: it fails and says so. */
export const looksMax = 12;
/** Failures in a row that a run takes, half an hour of outage on average with its backoff. */
export const runAttemptsMax = 12;
/** Bounds a run that never ends: at a worker's budget of pages each, far more than any partner has. */
export const sequenceMax = 20_000;

export type NudgeVerdict =
  | { readonly kind: "take"; readonly run: Run }
  | { readonly kind: "wait"; readonly untilMs: number }
  | { readonly kind: "drop"; readonly why: "ended" | "behind" | "held-by-another" };

/** What a worker that received a nudge may do: take the lease, wait for the one that holds it, or forget the nudge. */
export function receiveNudge(
  run: Run,
  nudge: { sequence: number; nudgeId: string },
  owner: string,
  nowMs: number,
): NudgeVerdict {
  if (run.status.kind !== "active") return { kind: "drop", why: "ended" };
  if (nudge.sequence < run.sequence) return { kind: "drop", why: "behind" };
  if (run.lease !== null && run.lease.expiresAtMs > nowMs) {
    if (nudge.nudgeId !== run.nudgeId) return { kind: "drop", why: "held-by-another" };
    return { kind: "wait", untilMs: run.lease.expiresAtMs };
  }
  if (run.notBeforeMs > nowMs) return { kind: "wait", untilMs: run.notBeforeMs };
  return {
    kind: "take",
    run: { ...moved(run, nowMs), ...leased(owner, nowMs), status: { kind: "active", waiting: null } },
  };
}

/** A page's records are saved: move on, and keep the lease. */
export function advance(run: Run, position: Position, progress: Progress, owner: string, nowMs: number): Run {
  return {
    ...moved(run, nowMs),
    ...leased(owner, nowMs),
    checkpoint: { ...run.checkpoint, position },
    progress,
    attempts: 0,
    looks: 0,
  };
}

/** Leave: one step advances the sequence, names the next nudge and frees the lease. Send the nudge only after it is stored. */
export function leave(
  run: Run,
  next: { nudgeId: string; notBeforeMs: number; waiting: string | null; failed: boolean },
  nowMs: number,
): Run {
  return {
    ...moved(run, nowMs),
    sequence: run.sequence + 1,
    nudgeId: next.nudgeId,
    lease: null,
    notBeforeMs: next.notBeforeMs,
    nextLookMs: Math.max(next.notBeforeMs, nowMs) + lookAfterMs,
    attempts: next.failed ? run.attempts + 1 : run.attempts,
    // Whoever leaves has lived: what counts is how often in a row nobody did.
    looks: 0,
    status: { kind: "active", waiting: next.waiting },
  };
}

/**
 * Put off while its partner or its connection is held: no nudge is sent, and the sweeper brings it back when its time has
 * come. It did not stand still by itself, so its looks begin anew.
 */
export function putOff(run: Run, next: { nudgeId: string; notBeforeMs: number; waiting: string }, nowMs: number): Run {
  return { ...leave(run, { ...next, failed: false }, nowMs), nextLookMs: next.notBeforeMs, looks: 0 };
}

/** Its connection is held no more: the sweeper's next look is now. */
export function bringForward(run: Run, nowMs: number): Run {
  return { ...moved(run, nowMs), notBeforeMs: nowMs, nextLookMs: nowMs };
}

/** The end, good or bad. */
export function end(run: Run, status: Exclude<RunStatus, { kind: "active" }>, nowMs: number): Run {
  return { ...moved(run, nowMs), lease: null, status };
}

/** The sweeper's step: name a fresh nudge for a run that stands still; null when it is not its time. */
export function renudge(run: Run, nudgeId: string, nowMs: number): Run | null {
  if (run.status.kind !== "active" || run.nextLookMs > nowMs) return null;
  if (run.lease !== null && run.lease.expiresAtMs > nowMs) return null;
  const waitMs = Math.min(lookAfterMsMax, lookAfterMs * 2 ** Math.min(run.looks, 10));
  return { ...moved(run, nowMs), nudgeId, looks: run.looks + 1, nextLookMs: nowMs + waitMs };
}

function moved(run: Run, nowMs: number): Run {
  return { ...run, revision: run.revision + 1, updatedAtMs: nowMs };
}

function leased(owner: string, nowMs: number): Pick<Run, "lease" | "nextLookMs"> {
  return { lease: { owner, expiresAtMs: nowMs + leaseMs }, nextLookMs: nowMs + leaseMs + 1_000 };
}
