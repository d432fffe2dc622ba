import * as z from "zod";
import { lanes } from "../../engine/job.ts";
import { quotaItemOf } from "../../engine/limits.ts";
import type { Connection, LaneDepth, ResourceState } from "../../engine/ports.ts";
import type { Run } from "../../engine/run.ts";
import { driverOf, findConnection } from "./find-connection.ts";
import type { ApiPorts } from "./request.ts";
import { route } from "./route.ts";
import { isoTime } from "./time.ts";
import { waitInWords } from "./wait-in-words.ts";

/** Past its time by more than this, a due resource is not just waiting for the schedule's next minute. */
export const overdueMs = 10 * 60_000;

/** Why a connection waits: one thing to read instead of five to compare. */
export const waitingRoutes = [
  route({
    method: "GET",
    path: "/connections/{id}/waiting",
    query: z.strictObject({}),
    handle: async (ports, { params }) => {
      const connection = await findConnection(ports, params.id);
      const { partner, connectionId } = connection;
      const [states, gate, depths] = await Promise.all([
        ports.connections.listResources(partner, connectionId),
        ports.gate.look(quotaItemOf(driverOf(ports, connection), connection)),
        Promise.all(lanes.map((lane) => ports.lanes.depth(partner, lane))),
      ]);
      const resources = await Promise.all(states.map((state) => resourceView(ports, connection, state)));
      return {
        status: 200,
        data: {
          connectionId,
          partner,
          status: connection.status,
          resources,
          limit: { heldUntil: isoTime(gate.heldUntilMs), limitsInUse: gate.limitsInUse },
          lanes: Object.fromEntries(lanes.map((lane, index): [string, LaneDepth | undefined] => [lane, depths[index]])),
          // Named, so that nobody takes its absence for a breaker that is closed.
          breaker: null,
        },
      };
    },
  }),
];

type Standing = "held" | "running" | "waiting" | "not-scheduled" | "due" | "overdue" | "scheduled";

async function resourceView(
  ports: Pick<ApiPorts, "clock" | "runs">,
  connection: Connection,
  state: ResourceState,
): Promise<Readonly<Record<string, unknown>>> {
  const { activeRunId } = state;
  const run = activeRunId === null ? null : await ports.runs.read(state.partner, state.connectionId, activeRunId);
  const active = run?.status.kind === "active" ? run : null;
  const standing = standingOf(connection, state, active, ports.clock.nowMs());
  return {
    resource: state.resource,
    standing,
    why: whyOf(connection, state, active, standing),
    nextDueAt: isoTime(state.nextDueMs),
    run: active === null ? null : activeView(active),
  };
}

function standingOf(connection: Connection, state: ResourceState, run: Run | null, nowMs: number): Standing {
  if (connection.status !== "active") return "held";
  if (run !== null) return isWorked(run, nowMs) ? "running" : "waiting";
  if (state.nextDueMs === null) return "not-scheduled";
  if (state.nextDueMs > nowMs) return "scheduled";
  return state.nextDueMs < nowMs - overdueMs ? "overdue" : "due";
}

function isWorked(run: Run, nowMs: number): boolean {
  return run.lease !== null && run.lease.expiresAtMs > nowMs;
}

function whyOf(connection: Connection, state: ResourceState, run: Run | null, standing: Standing): string {
  switch (standing) {
    case "held":
      return connection.status === "paused"
        ? "The connection is paused; resume it."
        : "The connection needs a credential that works; give it a new one.";
    case "running":
      return "A worker is importing it now.";
    case "waiting":
      return waitOfRun(run);
    case "not-scheduled":
      return "It is not on the schedule; resume the connection to put it there.";
    case "due":
      return "It is due; the schedule starts it within a minute.";
    case "overdue":
      return `It was due at ${isoTime(state.nextDueMs)} and was not started: see the log of import-fan-out.`;
    case "scheduled":
      return "Nothing holds it back; it is not due yet.";
  }
}

function waitOfRun(run: Run | null): string {
  const waiting = run?.status.kind === "active" ? run.status.waiting : null;
  const attempts = run === null || run.attempts === 0 ? "" : ` It failed ${run.attempts} times since its last page.`;
  return waitInWords(waiting) + attempts;
}

function activeView(run: Run): Readonly<Record<string, unknown>> {
  return {
    runId: run.runId,
    mode: run.mode,
    waiting: run.status.kind === "active" ? run.status.waiting : null,
    notBefore: isoTime(run.notBeforeMs),
    nextLookAt: isoTime(run.nextLookMs),
    attempts: run.attempts,
    updatedAt: isoTime(run.updatedAtMs),
  };
}
