import * as z from "zod";
import { lanes } from "../../engine/job.ts";
import { quotaItemOf } from "../../engine/limits.ts";
import type { Connection, LaneDepth, ResourceState } from "../../engine/ports.ts";
import type { Run } from "../../engine/run.ts";
import { admitImports } from "../admit-imports.ts";
import { driverOf, findConnection } from "./find-connection.ts";
import { heldOf } from "./held-of.ts";
import type { HeldView } from "./held-view.ts";
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
    needs: "viewer",
    reach: "tenant",
    query: z.strictObject({}),
    handle: async (ports, { params }) => {
      const connection = await findConnection(ports, params.id);
      const { partner, connectionId } = connection;
      const driver = driverOf(ports, connection);
      const [states, gate, depths, held, admission] = await Promise.all([
        ports.connections.listResources(partner, connectionId),
        ports.gate.look(quotaItemOf(driver, connection)),
        Promise.all(lanes.map((lane) => ports.lanes.depth(partner, lane))),
        heldOf(ports, connection),
        admitImports(ports, driver),
      ]);
      const heldBack = admission.kind === "free" ? null : admission.why;
      const place = { connection, held, heldBack };
      const resources = await Promise.all(states.map((state) => resourceView(ports, place, state)));
      return {
        status: 200,
        data: {
          connectionId,
          partner,
          status: connection.status,
          held,
          resources,
          limit: { heldUntil: isoTime(gate.heldUntilMs), limitsInUse: gate.limitsInUse },
          lanes: Object.fromEntries(lanes.map((lane, index): [string, LaneDepth | undefined] => [lane, depths[index]])),
          breaker: breakerOf(held),
        },
      };
    },
  }),
];

interface Place {
  readonly connection: Connection;
  readonly held: readonly HeldView[];
  /** Why due imports of the whole partner are not started now. */
  readonly heldBack: string | null;
}

/** What keeps its calls back; closed where nothing does. The partner's own comes first: while it is open, no connection's matters. */
function breakerOf(held: readonly HeldView[]): Readonly<Record<string, unknown>> {
  const open = held.find(({ what }) => what === "breaker");
  if (open === undefined) return { state: "closed", scope: null, since: null, nextProbeAt: null };
  const { scope, since, nextProbeAt } = open;
  return { state: nextProbeAt === null ? "half-open" : "open", scope, since, nextProbeAt };
}

type Standing = "held" | "running" | "waiting" | "not-scheduled" | "due" | "overdue" | "scheduled";

async function resourceView(
  ports: Pick<ApiPorts, "clock" | "runs">,
  place: Place,
  state: ResourceState,
): Promise<Readonly<Record<string, unknown>>> {
  const { activeRunId } = state;
  const run = activeRunId === null ? null : await ports.runs.read(state.partner, state.connectionId, activeRunId);
  const active = run?.status.kind === "active" ? run : null;
  const standing = standingOf(place, state, active, ports.clock.nowMs());
  return {
    resource: state.resource,
    standing,
    why: whyOf(place, state, active, standing),
    nextDueAt: isoTime(state.nextDueMs),
    run: active === null ? null : activeView(active),
  };
}

function standingOf({ connection, held }: Place, state: ResourceState, run: Run | null, nowMs: number): Standing {
  if (connection.status !== "active" || stopped(held) !== undefined) return "held";
  if (run !== null) return isWorked(run, nowMs) ? "running" : "waiting";
  if (state.nextDueMs === null) return "not-scheduled";
  if (state.nextDueMs > nowMs) return "scheduled";
  return state.nextDueMs < nowMs - overdueMs ? "overdue" : "due";
}

/** Drained is not stopped: what is under way goes on. */
function stopped(held: readonly HeldView[]): HeldView | undefined {
  return held.find(({ what }) => what !== "draining");
}

function isWorked(run: Run, nowMs: number): boolean {
  return run.lease !== null && run.lease.expiresAtMs > nowMs;
}

function whyOf(place: Place, state: ResourceState, run: Run | null, standing: Standing): string {
  switch (standing) {
    case "held":
      return heldWhy(place);
    case "running":
      return "A worker is importing it now.";
    case "waiting":
      return waitOfRun(run);
    case "not-scheduled":
      return "It is not on the schedule; resume the connection to put it there.";
    case "due":
      return place.heldBack === null
        ? "It is due; the schedule starts it within a minute."
        : `It is due, and held back: ${place.heldBack}.`;
    case "overdue":
      if (place.heldBack !== null)
        return `It was due at ${isoTime(state.nextDueMs)}, and is held back: ${place.heldBack}.`;
      return `It was due at ${isoTime(state.nextDueMs)} and was not started: see the log of import-fan-out.`;
    case "scheduled":
      return "Nothing holds it back; it is not due yet.";
  }
}

function heldWhy({ connection, held }: Place): string {
  if (connection.status === "paused") return "The connection is paused; resume it.";
  if (connection.status === "needs-reconnect")
    return connection.statusReason ?? "The connection needs a credential that works; give it a new one.";
  const hold = stopped(held);
  return hold === undefined ? "" : `${hold.why} ${hold.toDo}`;
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
