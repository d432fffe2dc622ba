import type { ErrorKind } from "./errors.ts";
import type { Job, Lane } from "./job.ts";

/** Why a job gave up; travels with it to the dead-letter queue. */
export interface GiveUp {
  readonly code: string;
  readonly kind: ErrorKind | "stale" | "crash";
  /** Where: `webhook`, `charges page`, … stable, for grouping. */
  readonly place: string;
  readonly message: string;
  readonly call: string | null;
  readonly atMs: number;
}

export interface Lanes {
  /** At most 15 minutes of delay, SQS's own limit. Rejects when the queue does not take it. */
  send(job: Job, delayMs: number): Promise<void>;
  giveUp(job: Job, why: GiveUp): Promise<void>;
}

/** How full a lane is, for people to look at. */
export interface LaneGauge {
  depth(partner: string, lane: Lane): Promise<LaneDepth>;
}

/** Approximate, as SQS counts. How old the oldest message is SQS tells to CloudWatch alone. */
export interface LaneDepth {
  readonly waiting: number;
  /** Taken by a worker and not yet done. */
  readonly inFlight: number;
  /** Sent with a delay that has not passed. */
  readonly delayed: number;
}
