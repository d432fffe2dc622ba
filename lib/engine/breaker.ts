import { failsAlone, worstOf } from "./worst-connections.ts";
import type { ConnectionTally, SharedTally } from "./worst-connections.ts";

/**
 * A circuit breaker as a value: pure steps on a state that is stored and shared by all functions. Closed it counts calls
 * in a sliding window; open nothing is called until its time; then half-open a bounded number of probes decides.
 */
export type BreakerState =
  | { readonly kind: "closed"; readonly windows: readonly CallWindow[]; readonly before: FormerOpening | null }
  | { readonly kind: "open"; readonly opened: number; readonly sinceMs: number; readonly untilMs: number }
  /** `begun` probes were admitted in the period that ends at `untilMs`, and `passed` of them came back well. */
  | {
      readonly kind: "half-open";
      readonly opened: number;
      readonly sinceMs: number;
      readonly untilMs: number;
      readonly begun: number;
      readonly passed: number;
    };

type ClosedBreaker = Extract<BreakerState, { readonly kind: "closed" }>;

/** What was counted from `fromMs` on, for `windowMs`. */
export interface CallWindow {
  readonly fromMs: number;
  readonly calls: number;
  readonly failures: number;
  /** Of a partner's breaker alone. */
  readonly worst?: readonly ConnectionTally[];
}

/** How often in a row it was open when it last closed: reopening soon goes on from there. */
export interface FormerOpening {
  readonly opened: number;
  readonly closedAtMs: number;
}

export type CallTally = SharedTally;

export interface BreakerRule {
  readonly windowMs: number;
  readonly windows: number;
  /** Fewer calls than this in all windows open nothing. */
  readonly callsMin: number;
  /** Of the calls, in (0, 1]. */
  readonly failureRatio: number;
  readonly openMs: number;
  readonly openMsMax: number;
  /** Probes in one half-open period, and how many of them must pass. */
  readonly probesMax: number;
  readonly passesMin: number;
  /** How long a half-open period lasts: a probe that is not back by then is not waited for. */
  readonly probeMs: number;
  /** Closed for so long, the former openings are forgotten. */
  readonly calmMs: number;
}

const common = {
  windowMs: 10_000,
  windows: 6,
  callsMin: 20,
  openMs: 30_000,
  openMsMax: 900_000,
  passesMin: 1,
  probesMax: 1,
  probeMs: 60_000,
  calmMs: 600_000,
} as const;

/** A partner opens for all its connections, and so do most of them fail before it does. */
export const partnerBreaker: BreakerRule = { ...common, failureRatio: 0.5 };
/** One account of many: what still succeeds keeps it closed for longer. */
export const connectionBreaker: BreakerRule = { ...common, failureRatio: 0.8 };

export const closedBreaker: BreakerState = { kind: "closed", windows: [], before: null };

/**
 * Counts calls that have ended. The same state comes back when nothing is to be stored: calls that were on their way when
 * the breaker opened say nothing new. `jitter` in [0, 1).
 */
export function countCalls(
  state: BreakerState,
  tally: CallTally,
  nowMs: number,
  rule: BreakerRule,
  jitter: number,
): BreakerState {
  if (state.kind !== "closed" || tally.calls <= 0) return state;
  const windows = added(recent(state.windows, nowMs, rule), tally, nowMs, rule);
  return judged({ ...state, windows }, nowMs, rule, jitter);
}

/**
 * Judges once more what was counted last, when nobody has told of anything since: with time, what others do not tell says
 * something too. The same state comes back when nothing is to be stored.
 */
export function judgeAgain(state: BreakerState, nowMs: number, rule: BreakerRule, jitter: number): BreakerState {
  if (state.kind !== "closed") return state;
  const lastMs = state.windows.at(-1)?.fromMs ?? 0;
  if (nowMs - lastMs > judgedForMs) return state;
  const next = judged(state, nowMs, rule, jitter);
  return next.kind === "closed" ? state : next;
}

/** Somebody judges once a minute, and what is told then may be too early. */
const judgedForMs = 120_000;

function judged(state: ClosedBreaker, nowMs: number, rule: BreakerRule, jitter: number): BreakerState {
  const { windows, before } = state;
  const calls = sumOf(windows, "calls");
  const failures = sumOf(windows, "failures");
  if (calls < rule.callsMin || failures < calls * rule.failureRatio) return state;
  // One account that is broken has a breaker of its own, and the others go on.
  if (failsAlone(windows, rule, nowMs)) return state;
  const calm = before === null || nowMs - before.closedAtMs >= rule.calmMs;
  return openFor(calm ? 1 : before.opened + 1, nowMs, nowMs, rule, jitter);
}

/** Whether so many calls are told to fail that those are to be told which go well: without them, one connection would look like all. */
export function asksForSuccesses(state: BreakerState, nowMs: number, rule: BreakerRule): boolean {
  if (state.kind !== "closed") return false;
  const windows = recent(state.windows, nowMs, rule);
  const failures = sumOf(windows, "failures");
  return failures > 0 && failures * 2 >= sumOf(windows, "calls") * rule.failureRatio;
}

export type ProbeVerdict =
  /** Store `state`; whoever stored it may send one probe. */
  | { readonly kind: "probe"; readonly state: BreakerState }
  | { readonly kind: "wait"; readonly untilMs: number }
  | { readonly kind: "closed" };

/** Asks for one probe. A period whose probes never came back is followed by another. */
export function beginProbe(state: BreakerState, nowMs: number, rule: BreakerRule): ProbeVerdict {
  if (state.kind === "closed") return { kind: "closed" };
  const { opened, sinceMs } = state;
  if (state.kind === "half-open" && state.untilMs > nowMs) {
    if (state.begun >= rule.probesMax) return { kind: "wait", untilMs: state.untilMs };
    return { kind: "probe", state: { ...state, begun: state.begun + 1 } };
  }
  if (state.untilMs > nowMs) return { kind: "wait", untilMs: state.untilMs };
  const untilMs = nowMs + rule.probeMs;
  return { kind: "probe", state: { kind: "half-open", opened, sinceMs, untilMs, begun: 1, passed: 0 } };
}

/** What a probe came to. An answer that comes when its period is over, or decided, changes nothing. */
export function endProbe(
  state: BreakerState,
  outcome: "passed" | "failed",
  nowMs: number,
  rule: BreakerRule,
  jitter: number,
): BreakerState {
  if (state.kind !== "half-open" || state.untilMs <= nowMs) return state;
  if (outcome === "failed") return openFor(state.opened + 1, state.sinceMs, nowMs, rule, jitter);
  const passed = state.passed + 1;
  if (passed < rule.passesMin) return { ...state, passed };
  return { kind: "closed", windows: [], before: { opened: state.opened, closedAtMs: nowMs } };
}

/** When it is worth asking again; null while calls may be made. */
export function breakerWaitMs(state: BreakerState, nowMs: number): number | null {
  if (state.kind === "closed") return null;
  return Math.max(state.untilMs, nowMs + askAgainMs);
}

/** Its time is over, and somebody is about to probe. */
const askAgainMs = 5_000;

function openFor(opened: number, sinceMs: number, nowMs: number, rule: BreakerRule, jitter: number): BreakerState {
  const fullMs = Math.min(rule.openMsMax, rule.openMs * 2 ** Math.min(opened - 1, 30));
  // Half of it at least: a wait of nothing would be no breaker.
  const waitMs = Math.ceil(fullMs * (0.5 + jitter / 2));
  return { kind: "open", opened, sinceMs, untilMs: nowMs + waitMs };
}

function recent(windows: readonly CallWindow[], nowMs: number, rule: BreakerRule): readonly CallWindow[] {
  const oldestMs = windowStart(nowMs, rule) - (rule.windows - 1) * rule.windowMs;
  return windows.filter((window) => window.fromMs >= oldestMs);
}

function added(
  windows: readonly CallWindow[],
  tally: CallTally,
  nowMs: number,
  rule: BreakerRule,
): readonly CallWindow[] {
  const fromMs = windowStart(nowMs, rule);
  const none: CallWindow = { fromMs, calls: 0, failures: 0 };
  const current = windows.find((window) => window.fromMs === fromMs) ?? none;
  const failures = Math.min(tally.failures, tally.calls);
  const worst = worstOf([...(current.worst ?? []), ...(tally.worst ?? [])]);
  const counts = { calls: current.calls + tally.calls, failures: current.failures + failures };
  const next = { fromMs, ...counts, ...(worst.length > 0 && { worst }) };
  // Clocks differ: one that is ahead must not make the list grow.
  return [...windows.filter((window) => window.fromMs !== fromMs), next].slice(-rule.windows);
}

function windowStart(nowMs: number, rule: BreakerRule): number {
  return Math.floor(nowMs / rule.windowMs) * rule.windowMs;
}

function sumOf(windows: readonly CallWindow[], field: "calls" | "failures"): number {
  return windows.reduce((sum, window) => sum + window[field], 0);
}
