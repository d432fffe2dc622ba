import type { LimitRule } from "./limit-rule.ts";

/** What is known of a limit that nobody documents; part of an account's item, so small and plain JSON. */
export interface LearntRate {
  readonly perSecond: number;
  /** What the partner last refused, or the highest that it has taken since; the steps upwards are measured by it. */
  readonly ceilingPerSecond: number;
  /** A refusal of a call that was sent before then has had its cut. */
  readonly cutAtMs: number;
  /** The present period of counting: whether the allowance is used decides whether it grows. */
  readonly sinceMs: number;
  readonly used: number;
}

export type LearntRule = Extract<LimitRule, { kind: "learnt" }>;

/** Answers of calls that were sent together, and when: by our clock, in ms. */
export interface LearntOutcome {
  readonly sentAtMs: number;
  readonly accepted: number;
  readonly refused: number;
}

/** Of the rate, what a refusal leaves. */
const cutTo = 0.85;
/** Each call that was taken is worth this much of the ceiling: some 300 calls lie between two refusals. */
const stepOfCeiling = 0.0005;
/** Less use than this share of the allowance shows nothing of what the partner would take. */
const usedShareMin = 0.7;
const periodMsMin = 1_000;
const periodCalls = 20;
/** What one period may add at most, in shares of the ceiling. */
const raiseMax = 0.01;
/** Workers' clocks differ, and what was dated before a cut may be sent a little after it. */
const graceMs = 200;

/** The rate before anything is known. */
export function startLearnt(rule: LearntRule, nowMs: number): LearntRate {
  const perSecond = within(rule, rule.startPerSecond);
  return { perSecond, ceilingPerSecond: perSecond, cutAtMs: Number.MIN_SAFE_INTEGER, sinceMs: nowMs, used: 0 };
}

/**
 * The rate after some answers, always between the rule's bounds. A refusal cuts it to 85 %, but only if its call was sent
 * after the last cut: those of one burst, answered one by one, were all sent at the rate that was cut already, and are one
 * refusal. Calls that are taken raise it by steps of the same size, up to 1 % a second, and only where at least 70 % of the
 * allowance was used: who sends little learns nothing of the limit.
 *
 * @example
 * let rate = startLearnt(rule, nowMs);
 * rate = learn(rate, rule, { sentAtMs, accepted: 0, refused: 1 }, nowMs); // rate.perSecond * 0.85
 */
export function learn(rate: LearntRate, rule: LearntRule, outcome: LearntOutcome, nowMs: number): LearntRate {
  if (outcome.refused > 0) return outcome.sentAtMs > rate.cutAtMs + graceMs ? cut(rate, rule, nowMs) : rate;
  const used = rate.used + Math.max(0, outcome.accepted);
  const elapsedMs = nowMs - rate.sinceMs;
  if (elapsedMs < periodMsOf(rate)) return { ...rate, used };
  const allowance = (rate.perSecond * elapsedMs) / 1000;
  const raise = used >= usedShareMin * allowance ? Math.min(raiseMax, used * stepOfCeiling) * rate.ceilingPerSecond : 0;
  const perSecond = within(rule, rate.perSecond + raise);
  // Past the last refusal the limit has moved, and the steps grow with it.
  const ceilingPerSecond = Math.max(rate.ceilingPerSecond, perSecond);
  return { ...rate, perSecond, ceilingPerSecond, sinceMs: nowMs, used: 0 };
}

function cut(rate: LearntRate, rule: LearntRule, nowMs: number): LearntRate {
  const perSecond = within(rule, rate.perSecond * cutTo);
  return {
    perSecond,
    ceilingPerSecond: rate.perSecond,
    cutAtMs: nowMs,
    sinceMs: nowMs,
    used: 0,
  };
}

function periodMsOf(rate: LearntRate): number {
  return Math.max(periodMsMin, (periodCalls / rate.perSecond) * 1000);
}

function within(rule: LearntRule, perSecond: number): number {
  return Math.min(rule.maxPerSecond, Math.max(rule.minPerSecond, perSecond));
}
