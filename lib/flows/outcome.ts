import type { PartnerError } from "../engine/errors.ts";

/** What came of a job's work. Waiting is not failing: it costs no attempt. */
export type Outcome =
  | { readonly kind: "done" }
  | {
      readonly kind: "wait";
      readonly untilMs: number;
      readonly reason: string;
      /** Whose job it is, where the job itself does not say. */
      readonly connectionId?: string;
    }
  /** `place` is where, stable, for grouping: `webhook`, `charges page`, `charges one`. */
  | {
      readonly kind: "failed";
      readonly error: PartnerError;
      readonly place: string;
      readonly connectionId?: string;
    };

/** Why a run's step, or a part of it, cannot go on now. */
export type Stop =
  | { readonly kind: "wait"; readonly untilMs: number; readonly reason: string }
  | { readonly kind: "failed"; readonly error: PartnerError };

export const done: Outcome = { kind: "done" };

/** Who is working and for how long: made once an invocation. */
export interface WorkContext {
  readonly workerId: string;
  /** Nothing new is begun after this; it leaves time to put down what is in hand. */
  readonly deadlineMs: number;
}
