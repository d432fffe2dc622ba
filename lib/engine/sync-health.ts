import type { ResourceState } from "./ports.ts";
import type { Run, RunMode } from "./run.ts";

/** What came of a resource's last run, kept with the resource: its runs are many, and those of others stand between them. */
export interface RunSummary {
  readonly runId: string;
  readonly mode: RunMode;
  readonly outcome: "done" | "failed";
  readonly endedAtMs: number;
  readonly durationMs: number;
  readonly fetched: number;
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  readonly unchanged: number;
  readonly parked: number;
  /** Against the last run that it can be compared with. */
  readonly volume: Volume;
}

export type Volume = "usual" | "doubled" | "halved";

/** What a person should hear of a resource's imports. */
export type SyncAlert = "late" | "failing" | "volume-doubled" | "volume-halved";

/** A run may be late by a worker's turn, a wait for a limit, the schedule's minute. */
const marginMs = 15 * 60_000;
const failuresMax = 3;
/** Of fewer things, twice as many say nothing. */
const volumeMin = 20;
/** What changes within less than half a day differs from hour to hour, and a night is no day. */
const comparableMs = 12 * 3_600_000;

/** How long a resource's last success may lie back, in milliseconds, before its imports count as late and its records as stale. */
export function lateAfterMs(everyMs: number): number {
  return 2 * everyMs + marginMs;
}

/** @param sinceMs when it was first to be imported, for as long as it never succeeded; null: not known, and so not late */
export function isLate(
  state: Pick<ResourceState, "nextDueMs" | "succeededAtMs">,
  everyMs: number,
  sinceMs: number | null,
  nowMs: number,
): boolean {
  const fromMs = state.succeededAtMs ?? sinceMs;
  return state.nextDueMs !== null && fromMs !== null && nowMs - fromMs > lateAfterMs(everyMs);
}

/** What the end of the last run says; lateness is for whoever looks at the clock. */
export function alertsOf(state: ResourceState): readonly SyncAlert[] {
  const volume = state.lastRun?.volume ?? "usual";
  return [
    ...((state.failuresInRow ?? 0) >= failuresMax ? (["failing"] as const) : []),
    ...(volume === "usual" ? [] : ([`volume-${volume}`] as const)),
  ];
}

/** What a resource remembers of a run that ended; of one that it knows already, nothing new. */
export function afterRun(
  state: ResourceState,
  run: Run,
  outcome: RunSummary["outcome"],
  nowMs: number,
  everyMs: number,
): Pick<ResourceState, "lastRun" | "failuresInRow" | "volumes"> {
  if (state.lastRun?.runId === run.runId) return {};
  const { fetched, created, updated, deleted, unchanged, parked } = run.progress;
  const isComparable = outcome === "done" && canCompare(run, everyMs);
  const volume = isComparable ? volumeOf(state.volumes?.[run.mode], fetched) : "usual";
  const durationMs = Math.max(0, nowMs - run.startedAtMs);
  const counts = { fetched, created, updated, deleted, unchanged, parked };
  return {
    lastRun: { runId: run.runId, mode: run.mode, outcome, endedAtMs: nowMs, durationMs, ...counts, volume },
    failuresInRow: outcome === "failed" ? (state.failuresInRow ?? 0) + 1 : 0,
    ...(isComparable && { volumes: { ...state.volumes, [run.mode]: fetched } }),
  };
}

/** A pass over everything, or the changes of about a day; a pass that began anew counted some things twice. */
function canCompare(run: Run, everyMs: number): boolean {
  return (run.mode === "full" || everyMs >= comparableMs) && (run.progress.restarts ?? 0) === 0;
}

function volumeOf(before: number | undefined, fetched: number): Volume {
  if (before === undefined || Math.max(before, fetched) < volumeMin) return "usual";
  if (fetched >= 2 * before) return "doubled";
  return fetched <= before / 2 ? "halved" : "usual";
}
