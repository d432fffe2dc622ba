import type { Connection, ResourceState } from "../../../lib/engine/ports.ts";

/** A connection that nobody else uses. */
export function connectionOf(partner: string, number: number): Connection {
  return {
    partner,
    connectionId: `bench-${number}-${process.pid}-${performance.now()}`,
    tenantId: "tenant-1",
    name: "Bench",
    account: null,
    settings: {},
    status: "active",
    sealedWebhookSecret: null,
    revision: 1,
    createdAtMs: 0,
    updatedAtMs: 0,
  };
}

export function stateOf({ partner, connectionId }: Connection): ResourceState {
  return {
    partner,
    connectionId,
    resource: "charges",
    nextDueMs: null,
    activeRunId: null,
    watermarkMs: null,
    fullPassAtMs: null,
    succeededAtMs: null,
    lastError: null,
    revision: 1,
  };
}
