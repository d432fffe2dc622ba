import { webhookExpiryMs } from "./job.ts";
import type { Job } from "./job.ts";

/** The message that says "go on with this comparison": its sample and its results are in the table. */
export function compareJob(
  of: { readonly partner: string; readonly connectionId: string; readonly resource: string },
  comparison: { readonly id: string; readonly trace: string },
  nowMs: number,
): Job {
  const { partner, connectionId, resource } = of;
  return {
    version: 1,
    id: `compare-${resource}-${comparison.id}`,
    partner,
    connectionId,
    lane: "imports",
    attempts: 0,
    hops: 0,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + webhookExpiryMs,
    trace: comparison.trace,
    replayOf: null,
    work: { kind: "compare", resource, comparisonId: comparison.id },
  };
}
