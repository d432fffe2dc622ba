import { breakerWaitMs, closedBreaker } from "./breaker.ts";
import type { BreakerState } from "./breaker.ts";
import type { Lane } from "./job.ts";

/** What people and breakers want of a partner, or of one connection of it. Pure steps; each is stored by compare-and-set. */
export interface Control {
  readonly partner: string;
  /** null: the whole partner. */
  readonly connectionId: string | null;
  /** A person's wish: nothing is called. */
  readonly pause: Wish | null;
  /** A person's wish: fan-out starts nothing, and what is under way goes on (to drain, to deploy). */
  readonly schedules: Wish | null;
  readonly breaker: BreakerState;
  /** Jobs that were created before are skipped and counted; null stands for every resource, every lane. */
  readonly staleBefore: readonly StaleBefore[];
  /** Of the partner alone: the last canary that was consumed on each lane. */
  readonly canaries: readonly Canary[];
  /** Of the partner alone: what its mappings should be, and whether they were when somebody last looked. */
  readonly lanes: LanesState;
  /** Of the partner alone: some connection's breaker is not closed, so that it is worth reading the connection's control. */
  readonly connectionsHeld: boolean;
  /** 0: nothing is stored. */
  readonly revision: number;
}

export interface Wish {
  readonly sinceMs: number;
  readonly by: string;
  readonly reason: string;
}

export interface StaleBefore {
  readonly atMs: number;
  readonly resource: string | null;
  readonly lane: Lane | null;
}

export interface Canary {
  readonly lane: Lane;
  readonly sentAtMs: number;
  readonly consumedAtMs: number;
}

export interface LanesState {
  readonly wanted: "running" | "stopped";
  readonly agreed: boolean;
  /** Since when both are so. */
  readonly sinceMs: number;
}

/** Why nothing may be called now, and when it is worth asking again. */
export interface Hold {
  readonly scope: "partner" | "connection";
  readonly reason: "paused" | "breaker";
  readonly untilMs: number;
}

/** As it is when nobody has wished for anything: nothing is stored for it. */
export function atRest(partner: string, connectionId: string | null): Control {
  return {
    partner,
    connectionId,
    pause: null,
    schedules: null,
    breaker: closedBreaker,
    staleBefore: [],
    canaries: [],
    lanes: { wanted: "running", agreed: true, sinceMs: 0 },
    connectionsHeld: false,
    revision: 0,
  };
}

/** Whether anything about it is not as usual: a connection that is at rest is not listed among those held. */
export function isAtRest(control: Control): boolean {
  return control.pause === null && control.schedules === null && control.breaker.kind === "closed";
}

/** A pause ends when somebody ends it: until then this is how often those who wait look. */
const pausedLookMs = 60_000;

/** What keeps calls back; null when they may be made. */
export function holdOf(control: Control, nowMs: number): Hold | null {
  const scope = control.connectionId === null ? "partner" : "connection";
  if (control.pause !== null) return { scope, reason: "paused", untilMs: nowMs + pausedLookMs };
  const untilMs = breakerWaitMs(control.breaker, nowMs);
  return untilMs === null ? null : { scope, reason: "breaker", untilMs };
}

/** The next state to store: `change`, one revision on. */
export function changed(control: Control, change: Partial<Omit<Control, "partner" | "connectionId">>): Control {
  return { ...control, ...change, revision: control.revision + 1 };
}

/** Canaries are delivered at least once, and late: one that was sent before the last one changes nothing. */
export function withCanary(control: Control, canary: Canary): Control {
  const last = canaryOf(control, canary.lane);
  if (last !== null && last.sentAtMs >= canary.sentAtMs) return control;
  return changed(control, { canaries: [...control.canaries.filter(({ lane }) => lane !== canary.lane), canary] });
}

export function canaryOf(control: Control, lane: Lane): Canary | null {
  return control.canaries.find((canary) => canary.lane === lane) ?? null;
}

/** One is sent to each lane as often. */
export const canaryEveryMs = 60_000;

/**
 * How old a lane's oldest message is, as its canaries tell (SQS tells it to CloudWatch alone), in milliseconds: how long
 * the last one had waited, or how long the next one has. Null when none was ever consumed.
 */
export function laneAgeMs(control: Control, lane: Lane, nowMs: number): number | null {
  const last = canaryOf(control, lane);
  if (last === null) return null;
  const waitedMs = last.consumedAtMs - last.sentAtMs;
  const waitingMs = nowMs - (last.sentAtMs + canaryEveryMs);
  return Math.max(0, waitedMs, waitingMs);
}
