import type fc from "fast-check";
import { beginProbe, countCalls, endProbe } from "../../../lib/engine/breaker.ts";
import type { BreakerRule, BreakerState } from "../../../lib/engine/breaker.ts";

export const rule: BreakerRule = {
  windowMs: 10_000,
  windows: 6,
  callsMin: 10,
  failureRatio: 0.5,
  openMs: 30_000,
  openMsMax: 900_000,
  probesMax: 2,
  passesMin: 2,
  probeMs: 60_000,
  calmMs: 600_000,
};

/** Workers that share one stored breaker, some of them dead: what they may do, in any order, at any time. */
export interface Shared {
  state: BreakerState;
  nowMs: number;
  jitter: number;
  /** Probes admitted, by the period they were admitted to (its end). */
  readonly admitted: Map<number, number>;
}

/** As the model of fast-check's commands: nothing is known beforehand, everything is asserted on the way. */
type Nothing = Record<string, never>;

export class Count implements fc.Command<Nothing, Shared> {
  readonly calls: number;
  readonly failures: number;
  constructor(calls: number, failures: number) {
    this.calls = calls;
    this.failures = Math.min(failures, calls);
  }
  check = (): boolean => true;
  run(_model: Nothing, shared: Shared): void {
    const before = shared.state;
    shared.state = countCalls(before, this, shared.nowMs, rule, shared.jitter);
    must(before.kind === "closed" || shared.state === before, "what is open counts nothing");
    if (shared.state.kind === "open" && before.kind === "closed") {
      const waitMs = shared.state.untilMs - shared.nowMs;
      must(waitMs >= rule.openMs / 2 && waitMs <= rule.openMsMax, `it waits ${waitMs} ms`);
    }
  }
  toString = (): string => `count(${this.calls}, ${this.failures})`;
}

export class Begin implements fc.Command<Nothing, Shared> {
  check = (): boolean => true;
  run(_model: Nothing, shared: Shared): void {
    const before = shared.state;
    const verdict = beginProbe(before, shared.nowMs, rule);
    if (verdict.kind === "closed") return must(before.kind === "closed", "it is not closed");
    if (verdict.kind === "wait") return must(verdict.untilMs > shared.nowMs, "the wait is over already");
    must(before.kind !== "open" || before.untilMs <= shared.nowMs, "a probe before its time");
    if (verdict.state.kind !== "half-open") throw new Error("a probe makes it half-open");
    const period = verdict.state.untilMs;
    shared.admitted.set(period, (shared.admitted.get(period) ?? 0) + 1);
    must((shared.admitted.get(period) ?? 0) <= rule.probesMax, "more probes than the period has");
    shared.state = verdict.state;
  }
  toString = (): string => "begin";
}

export class End implements fc.Command<Nothing, Shared> {
  readonly outcome: "passed" | "failed";
  constructor(outcome: "passed" | "failed") {
    this.outcome = outcome;
  }
  check = (): boolean => true;
  run(_model: Nothing, shared: Shared): void {
    const before = shared.state;
    shared.state = endProbe(before, this.outcome, shared.nowMs, rule, shared.jitter);
    if (shared.state.kind === "closed" && before.kind === "half-open") {
      must(this.outcome === "passed" && before.passed + 1 === rule.passesMin, "it closed too early");
    }
    if (shared.state.kind === "open" && before.kind === "half-open")
      must(shared.state.untilMs > shared.nowMs, "it reopened for no time");
  }
  toString = (): string => `end(${this.outcome})`;
}

export class Pass implements fc.Command<Nothing, Shared> {
  readonly byMs: number;
  constructor(byMs: number) {
    this.byMs = byMs;
  }
  check = (): boolean => true;
  run(_model: Nothing, shared: Shared): void {
    shared.nowMs += this.byMs;
  }
  toString = (): string => `pass(${this.byMs})`;
}

function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
