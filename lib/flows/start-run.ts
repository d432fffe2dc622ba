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
 * Starts one import of one resource, once however often it is asked for: the resource names the run, the run is made, the
 * resource gets its next time, the run its nudge. Dying in between, whoever asks next makes the very run that is named,
 * never one beside it; or the sweeper finds it.
 */
export async function startRun(ports: StartPorts, request: RunRequest): Promise<StartResult> {
  const { driver, connection, state } = request;
  const resource = driver.resources[state.resource];
  if (resource === undefined) return { kind: "refused", reason: `${driver.title} has no resource ${state.resource}` };
  if (connection.status !== "active") return { kind: "refused", reason: `the connection is ${connection.status}` };
  const named = await namedRun(ports, state);
  if (named.kind === "active") return join(ports, resource, request, named.run);
  const runId = named.kind === "not-made" ? named.runId : await claim(ports, request);
  if (runId === null) return { kind: "refused", reason: `the connection has no ${state.resource} any more` };
  const run = newRun(ports, resource, request, runId);
  const created = await ports.runs.create(run);
  const stored = created === "created" ? run : ((await ports.runs.read(run.partner, run.connectionId, runId)) ?? run);
  // Before the nudge, which may fail: the sweeper sends it then.
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

/** The run that a resource names: under way, named and not made yet, or none (an ended one is nobody's any more). */
type NamedRun =
  | { readonly kind: "active"; readonly run: Run }
  | { readonly kind: "not-made"; readonly runId: string }
  | { readonly kind: "none" };

async function namedRun(ports: StartPorts, { partner, connectionId, activeRunId }: ResourceState): Promise<NamedRun> {
  if (activeRunId === null) return { kind: "none" };
  const run = await ports.runs.read(partner, connectionId, activeRunId);
  if (run === null) return { kind: "not-made", runId: activeRunId };
  return run.status.kind === "active" ? { kind: "active", run } : { kind: "none" };
}

async function join(ports: StartPorts, resource: ResourceDriver, request: RunRequest, run: Run): Promise<StartResult> {
  await schedule(ports, resource, request, run);
  // Nobody has taken it yet: its nudge may never have been sent, and twice does no harm.
  if (run.revision === 1) await ports.lanes.send(nudgeFor(run, ports.clock.nowMs()), 0);
  return { kind: "already-running", run };
}

/** Names this request's run at its resource, unless somebody named another meanwhile: then that one. Null: the resource is gone. */
async function claim(ports: StartPorts, request: RunRequest): Promise<string | null> {
  const { state } = request;
  const claimed = await changeResource(ports, state, (current) => ({
    ...current,
    activeRunId:
      current.activeRunId === state.activeRunId ? runIdOf(request) : (current.activeRunId ?? runIdOf(request)),
  }));
  return claimed?.activeRunId ?? null;
}

async function schedule(ports: StartPorts, resource: ResourceDriver, request: RunRequest, run: Run): Promise<void> {
  const nowMs = ports.clock.nowMs();
  const hasEnded = run.status.kind !== "active";
  await changeResource(ports, request.state, (state) => ({
    ...state,
    activeRunId: hasEnded && state.activeRunId === run.runId ? null : state.activeRunId,
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

function newRun(ports: StartPorts, resource: ResourceDriver, request: RunRequest, runId: string): Run {
  const nowMs = ports.clock.nowMs();
  const { state } = request;
  const mode = request.mode ?? dueMode(resource, state, nowMs);
  const since = mode === "incremental" ? changesSince(resource, state) : null;
  const isByToken = since !== null && resource.increment?.kind === "sync-token";
  const cursor = isByToken ? { sync: state.syncToken ?? null } : null;
  return {
    partner: request.driver.name,
    connectionId: state.connectionId,
    runId,
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
