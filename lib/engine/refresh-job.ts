import { webhookExpiryMs } from "./job.ts";
import type { Job } from "./job.ts";

export interface Refresh {
  readonly partner: string;
  readonly connectionId: string;
  readonly resource: string;
  readonly externalId: string;
  readonly trace: string;
}

/** The message that says "fetch this one thing again". */
export function refreshJob({ partner, connectionId, resource, externalId, trace }: Refresh, nowMs: number): Job {
  return {
    version: 1,
    id: `refresh-${resource}-${externalId}`.slice(0, 200),
    partner,
    connectionId,
    lane: "webhooks",
    attempts: 0,
    hops: 0,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + webhookExpiryMs,
    trace,
    replayOf: null,
    work: { kind: "refresh", resource, externalId },
  };
}
