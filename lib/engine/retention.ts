import type { PartnerRegistry } from "./ports.ts";
import type { RecordScope } from "./record.ts";

/** How long states are kept, in days; absent is for ever. */
export interface Retention {
  /** A state of a record's history, from when it was written. */
  readonly historyDays?: number;
  /**
   * A record, from its last change: for things that are done with, such as events. What the partner still lists after that
   * is taken for new by the next full pass. A record's history is never kept for longer than the record.
   */
  readonly recordsDays?: number;
}

/** How long the states of a resource are kept: by its driver, else by the stage. */
export function retentionOf(
  partners: PartnerRegistry,
  stage: Retention,
  scope: Pick<RecordScope, "partner" | "resource">,
): Retention {
  const own = partners.find(scope.partner)?.resources[scope.resource]?.retention;
  const { historyDays, recordsDays } = { ...stage, ...own };
  // A record that comes again counts its versions anew: states of its former life must be gone by then.
  const days = Math.min(historyDays ?? Infinity, recordsDays ?? Infinity);
  return {
    ...(Number.isFinite(days) && { historyDays: days }),
    ...(recordsDays !== undefined && { recordsDays }),
  };
}

/** When something that was written then ends, in seconds as tables have it; null: never. */
export function endsAtSeconds(writtenAtMs: number, days: number | undefined): number | null {
  return days === undefined ? null : Math.ceil(writtenAtMs / 1_000) + Math.ceil(days * 86_400);
}
