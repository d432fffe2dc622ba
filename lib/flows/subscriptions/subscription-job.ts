import { nudgeExpiryMs } from "../../engine/job.ts";
import type { Job } from "../../engine/job.ts";
import type { Connection } from "../../engine/ports.ts";

/** The message that says "make the partner's registration of this connection's webhooks what is wished": the wish is in the table. */
export function subscriptionJob(
  { partner, connectionId }: Pick<Connection, "partner" | "connectionId">,
  trace: string,
  nowMs: number,
): Job {
  return {
    version: 1,
    id: `subscription-${connectionId}`,
    partner,
    connectionId,
    lane: "webhooks",
    attempts: 0,
    hops: 0,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + nudgeExpiryMs,
    trace: trace.slice(0, 200),
    replayOf: null,
    work: { kind: "subscription" },
  };
}
