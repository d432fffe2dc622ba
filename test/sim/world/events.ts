import type { Control } from "../../../lib/engine/control.ts";
import type { ChangeEvent } from "../../../lib/engine/change-event.ts";
import type { HistoryEntry } from "../../../lib/engine/history.ts";
import type { Job } from "../../../lib/engine/job.ts";
import type { Failure, GiveUp } from "../../../lib/engine/ports.ts";
import type { StoredRecord } from "../../../lib/engine/record.ts";
import type { Run } from "../../../lib/engine/run.ts";

/** What took effect, as the invariants see it. */
export type SimulationEvent =
  | { readonly kind: "call-arrived"; readonly call: ArrivedAtPartner }
  | { readonly kind: "answer-left"; readonly partner: string; readonly owner: string; readonly callId: string }
  /** Things of a list or a feed reached a live worker. */
  | {
      readonly kind: "page-delivered";
      readonly worker: string;
      readonly connectionId: string;
      readonly url: string;
      readonly things: readonly SeenThing[];
    }
  /** One thing, fetched by its id, reached a live worker. */
  | { readonly kind: "thing-delivered"; readonly worker: string; readonly thing: SeenThing; readonly askedAtMs: number }
  | { readonly kind: "job-sent"; readonly job: Job; readonly delayMs: number; readonly by: string }
  | { readonly kind: "gave-up"; readonly job: Job; readonly why: GiveUp }
  | { readonly kind: "job-received"; readonly job: Job }
  | { readonly kind: "run-stored"; readonly before: Run | null; readonly after: Run; readonly by: string }
  | { readonly kind: "record-written"; readonly before: StoredRecord | null; readonly after: StoredRecord }
  | { readonly kind: "history-appended"; readonly entry: HistoryEntry }
  | { readonly kind: "event-published"; readonly event: ChangeEvent }
  | { readonly kind: "control-stored"; readonly before: Control; readonly after: Control; readonly by: string }
  | { readonly kind: "failure-recorded"; readonly failure: Failure }
  | { readonly kind: "webhook-accepted"; readonly webhook: AcceptedWebhook }
  /** A person wants a partner's everything imported afresh; told before it is so. */
  | { readonly kind: "full-pass-asked"; readonly partner: string; readonly atMs: number }
  | { readonly kind: "worker-threw"; readonly worker: string; readonly error: unknown }
  | { readonly kind: "rest-began" };

export interface ArrivedAtPartner {
  readonly id: string;
  readonly partner: string;
  readonly account: string;
  readonly endpoint: string;
  readonly atMs: number;
  readonly weight: number;
  /** Clocks and ways kept to the uncertainty that the driver states; others are counted apart. */
  readonly isWithinBounds: boolean;
  readonly verdict: "accepted" | "refused" | "failing";
  /** When the worker sent it. */
  readonly sentAtMs: number;
  readonly worker: string;
}

export interface SeenThing {
  readonly partner: string;
  readonly connectionId: string;
  readonly externalId: string;
  readonly revision: number;
}

export interface AcceptedWebhook {
  readonly partner: string;
  readonly connectionId: string;
  readonly things: readonly { readonly externalId: string; readonly revision: number }[];
  readonly atMs: number;
}
