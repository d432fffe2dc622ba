import * as z from "zod";
import type { ResourceDriver } from "../../engine/define-partner.ts";
import type { Connection, ResourceState } from "../../engine/ports.ts";
import type { RunSummary, SyncAlert } from "../../engine/sync-health.ts";
import { alertsOf, isLate } from "../../engine/sync-health.ts";
import { findConnection } from "./find-connection.ts";
import type { ApiPorts } from "./request.ts";
import { route } from "./route.ts";
import { runView } from "./runs.ts";
import { isoTime } from "./time.ts";

/** How each resource's imports stand, and what the last run came to. */
export const syncStatusRoutes = [
  route({
    method: "GET",
    path: "/connections/{id}/sync-status",
    needs: "viewer",
    reach: "tenant",
    query: z.strictObject({}),
    handle: async (ports, { params }) => {
      const connection = await findConnection(ports, params.id);
      const { partner, connectionId, tenantId, status } = connection;
      const driver = ports.partners.find(partner);
      const states = await ports.connections.listResources(partner, connectionId);
      const resources = await Promise.all(
        states.map((state) => resourceView(ports, connection, state, driver?.resources[state.resource])),
      );
      const at = isoTime(ports.clock.nowMs());
      return { status: 200, data: { connectionId, partner, tenantId, status, at, resources } };
    },
  }),
];

async function resourceView(
  ports: Pick<ApiPorts, "clock" | "runs">,
  connection: Connection,
  state: ResourceState,
  resource: ResourceDriver | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  const { partner, connectionId, activeRunId, lastError, watermarkMs } = state;
  const nowMs = ports.clock.nowMs();
  const run = activeRunId === null ? null : await ports.runs.read(partner, connectionId, activeRunId);
  return {
    resource: state.resource,
    model: resource?.model.name ?? null,
    everyMs: resource?.everyMs ?? null,
    lastSuccessAt: isoTime(state.succeededAtMs),
    lastError: lastError === null ? null : { at: isoTime(lastError.atMs), code: lastError.code, kind: lastError.kind },
    failuresInRow: state.failuresInRow ?? 0,
    lagMs: watermarkMs === null ? null : Math.max(0, nowMs - watermarkMs),
    nextDueAt: isoTime(state.nextDueMs),
    lastFullPassAt: isoTime(state.fullPassAtMs),
    activeRun: run?.status.kind === "active" ? runView(run) : null,
    lastRun: state.lastRun === undefined ? null : summaryView(state.lastRun),
    alerts: alertsAt(connection, state, resource, nowMs),
  };
}

function alertsAt(
  connection: Connection,
  state: ResourceState,
  resource: ResourceDriver | undefined,
  nowMs: number,
): readonly SyncAlert[] {
  const late = resource !== undefined && isLate(state, resource.everyMs, connection.createdAtMs, nowMs);
  return [...(late ? (["late"] as const) : []), ...alertsOf(state)];
}

function summaryView(run: RunSummary): Readonly<Record<string, unknown>> {
  const { runId, mode, outcome, durationMs, fetched, created, updated, deleted, unchanged, parked } = run;
  const counts = { fetched, added: created, updated, deleted, unchanged, parked };
  return { runId, mode, outcome, endedAt: isoTime(run.endedAtMs), durationMs, ...counts };
}
