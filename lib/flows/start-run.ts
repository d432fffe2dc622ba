import type { PartnerDriver, ResourceDriver } from "../engine/define-partner.ts";
import { nudgeFor } from "../engine/nudge.ts";
import type { Connection, Ports, ResourceState } from "../engine/ports.ts";
import { lookAfterMs, noProgress } from "../engine/run.ts";
import type { Run, RunMode } from "../engine/run.ts";
import { nextSlotMs } from "../engine/slots.ts";
import { changeResource } from "./change-resource.ts";

export type StartPorts = Pick<Ports, "clock" | "random" | "runs" | "lanes" | "connections" | "metrics">;

export interface RunRequest {
  readonly driver: PartnerDriver;
  readonly connection: Connection;
  readonly state: ResourceState;
  /** null: whatever is due, a full pass or the changes. */
  readonly mode: RunMode | null;
  readonly trigger: Run["trigger"];
  /** Names the run together with its resource: the schedule's slot, or something unique. Asked for twice, it is one run. */
  readonly slot: string;
  readonly replayOf?: string;
}

export type StartResult =
  | { readonly kind: "started" | "already-running"; readonly run: Run }
  | { readonly kind: "refused"; readonly reason: string };

/**
 * Starts one import of one resource, once however often it is asked for: the run first, then the resource's next time, then
 * the run's nudge. Dying in between, the same slot finds the run there, or the sweeper does.
 */
export async function startRun(ports: StartPorts, request: RunRequest): Promise<StartResult> {
  const { driver, connection, state } = request;
  const resource = driver.resources[state.resource];
  if (resource === undefined) return { kind: "refused", reason: `${driver.title} has no resource ${state.resource}` };
  if (connection.status !== "active") return { kind: "refused", reason: `the connection is ${connection.status}` };
  const running = await activeRun(ports, state);
  if (running !== null) {
    await schedule(ports, resource, request, running);
    // Nobody has taken it yet: its nudge may never have been sent, and twice does no harm.
    if (running.revision === 1) await ports.lanes.send(nudgeFor(running, ports.clock.nowMs()), 0);
    return { kind: "already-running", run: running };
  }
  const run = newRun(ports, resource, request);
  const created = await ports.runs.create(run);
  const stored =
    created === "created" ? run : ((await ports.runs.read(run.partner, run.connectionId, run.runId)) ?? run);
  // Before the nudge, which may fail: a run that its resource does not name could be joined by another. The sweeper nudges it.
  await schedule(ports, resource, request, stored);
  if (stored.status.kind === "active") await nudge(ports, request, stored);
  if (created === "created") ports.metrics.count("RunsStarted", 1, { partner: driver.name, kind: run.mode });
  return { kind: created === "created" ? "started" : "already-running", run: stored };
}

/** What a resource needs next: everything the first time, when a full pass is due, or when the feed has forgotten our watermark. */
export function dueMode(resource: ResourceDriver, state: ResourceState, nowMs: number): RunMode {
  const { increment } = resource;
  if (increment === null || state.watermarkMs === null || state.fullPassAtMs === null) return "full";
  if (state.fullPassAtMs + resource.fullEveryMs <= nowMs) return "full";
  if (increment.kind === "feed" && state.watermarkMs - increment.overlapMs < nowMs - increment.reachMs) return "full";
  return "incremental";
}

async function activeRun(ports: StartPorts, state: ResourceState): Promise<Run | null> {
  if (state.activeRunId === null) return null;
  const run = await ports.runs.read(state.partner, state.connectionId, state.activeRunId);
  return run?.status.kind === "active" ? run : null;
}

async function schedule(ports: StartPorts, resource: ResourceDriver, request: RunRequest, run: Run): Promise<void> {
  const nowMs = ports.clock.nowMs();
  await changeResource(ports, request.state, (state) => ({
    ...state,
    activeRunId: activeRunIdAfter(state, run),
    // A resource that is not scheduled stays so: it is paused, and this is a person's "sync now" or a run that overlaps.
    nextDueMs: state.nextDueMs === null ? null : nextSlotMs(resource.everyMs, state.connectionId, nowMs),
  }));
}

/** A nudge that the queue does not take is sent in a minute, when the resource is due again, and not only by the sweeper. */
async function nudge(ports: StartPorts, { state }: RunRequest, run: Run): Promise<void> {
  try {
    await ports.lanes.send(nudgeFor(run, ports.clock.nowMs()), 0);
  } catch (error) {
    await changeResource(ports, state, (current) => ({ ...current, nextDueMs: state.nextDueMs }));
    throw error;
  }
}

function runIdOf({ state, slot }: RunRequest): string {
  return `${state.resource}-${slot}`;
}

/** A run that has ended meanwhile is nobody's active run; whichever other one is under way stays so. */
function activeRunIdAfter(state: ResourceState, run: Run): string | null {
  if (run.status.kind === "active") return run.runId;
  return state.activeRunId === run.runId ? null : state.activeRunId;
}

function newRun(ports: StartPorts, resource: ResourceDriver, request: RunRequest): Run {
  const nowMs = ports.clock.nowMs();
  const { state } = request;
  const mode = request.mode ?? dueMode(resource, state, nowMs);
  const since = mode === "incremental" ? changesSince(resource, state) : null;
  const isByToken = since !== null && resource.increment?.kind === "sync-token";
  const cursor = isByToken ? { sync: state.syncToken ?? null } : null;
  return {
    partner: request.driver.name,
    connectionId: state.connectionId,
    runId: runIdOf(request),
    resource: state.resource,
    // Changes need a moment to count from: without one, everything is asked for.
    mode: since === null ? "full" : mode,
    trigger: request.trigger,
    revision: 1,
    sequence: 0,
    nudgeId: ports.random.id(),
    lease: null,
    status: { kind: "active", waiting: null },
    checkpoint: { position: { kind: "open", cursor, handled: [] }, sinceMs: since, beganMs: nowMs },
    progress: noProgress,
    attempts: 0,
    looks: 0,
    notBeforeMs: nowMs,
    nextLookMs: nowMs + lookAfterMs,
    startedAtMs: nowMs,
    updatedAtMs: nowMs,
    trace: ports.random.id(),
    replayOf: request.replayOf ?? null,
  };
}

/** From when on changes are asked for; null where nothing says so, and everything is asked for. */
function changesSince({ increment }: ResourceDriver, state: ResourceState): number | null {
  if (increment === null || state.watermarkMs === null) return null;
  if (increment.kind === "sync-token" && state.syncToken === undefined) return null;
  return state.watermarkMs - increment.overlapMs;
}
