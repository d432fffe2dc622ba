import type { JournalEntry } from "./journal-entry.ts";
import type { JournalListener } from "./journal.ts";

/** One documented limit, for one scope: so many arrivals in any window, or so many at once. */
export type LimitRule =
  | {
      readonly kind: "rate";
      readonly scope: string;
      readonly limit: number;
      readonly windowMs: number;
      readonly reason: string;
    }
  | { readonly kind: "concurrency"; readonly scope: string; readonly limit: number; readonly reason: string };

/** A rule that an arrival broke; `count` is how many arrivals the window then held, refused ones and this one included. */
export interface Refusal {
  readonly rule: LimitRule;
  readonly count: number;
}

export type Judgement =
  | { readonly kind: "admitted"; release(): void }
  | { readonly kind: "refused"; readonly refusals: readonly [Refusal, ...Refusal[]] };

/** Restored and refused arrivals kept a scope; only a count in a report depends on it. */
const KEPT_MAX = 10_000;

interface Window {
  admittedAtMs: number[];
  refusedAtMs: number[];
}

/**
 * Judges arrivals strictly: a log of arrivals a scope, no allowance. The window is open at its old end, so an arrival
 * exactly `windowMs` after another does not share a window with it. An arrival refused by one rule counts in none.
 */
export class Limiter implements JournalListener {
  readonly #windows = new Map<string, Window>();
  readonly #underWay = new Map<string, number>();

  judge(rules: readonly LimitRule[], nowMs: number): Judgement {
    const refusals: Refusal[] = [];
    for (const rule of rules) {
      const count = this.#countWith(rule, nowMs);
      if (count > rule.limit) refusals.push({ rule, count: this.#arrivals(rule, nowMs, count) });
    }
    const [first, ...others] = refusals;
    if (first !== undefined) return { kind: "refused", refusals: [first, ...others] };
    for (const rule of rules) this.#admit(rule, nowMs);
    return { kind: "admitted", release: this.#releaseOnce(rules) };
  }

  /** A window longer than a restart must not be forgotten by one: an hour's quota would be given twice. */
  apply(entry: JournalEntry, live: boolean): void {
    if (live || entry.kind !== "answer") return;
    for (const scope of entry.scopes) {
      const { admittedAtMs } = this.#window(scope);
      admittedAtMs.push(entry.atMs);
      if (admittedAtMs.length > KEPT_MAX) admittedAtMs.shift();
    }
  }

  /** Arrivals that hold the rule's limit, this one included. */
  #countWith(rule: LimitRule, nowMs: number): number {
    if (rule.kind === "concurrency") return (this.#underWay.get(rule.scope) ?? 0) + 1;
    const window = this.#window(rule.scope);
    const recent = (atMs: number) => atMs > nowMs - rule.windowMs;
    window.admittedAtMs = window.admittedAtMs.filter(recent);
    window.refusedAtMs = window.refusedAtMs.filter(recent);
    return window.admittedAtMs.length + 1;
  }

  #arrivals(rule: LimitRule, nowMs: number, count: number): number {
    if (rule.kind === "concurrency") return count;
    const { refusedAtMs } = this.#window(rule.scope);
    if (refusedAtMs.length < KEPT_MAX) refusedAtMs.push(nowMs);
    return count + refusedAtMs.length - 1;
  }

  #admit(rule: LimitRule, nowMs: number): void {
    if (rule.kind === "rate") this.#window(rule.scope).admittedAtMs.push(nowMs);
    else this.#underWay.set(rule.scope, (this.#underWay.get(rule.scope) ?? 0) + 1);
  }

  #releaseOnce(rules: readonly LimitRule[]): () => void {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      for (const rule of rules) this.#release(rule);
    };
  }

  #release(rule: LimitRule): void {
    if (rule.kind === "rate") return;
    const left = (this.#underWay.get(rule.scope) ?? 0) - 1;
    if (left > 0) this.#underWay.set(rule.scope, left);
    else this.#underWay.delete(rule.scope);
  }

  #window(scope: string): Window {
    const known = this.#windows.get(scope);
    if (known !== undefined) return known;
    const fresh: Window = { admittedAtMs: [], refusedAtMs: [] };
    this.#windows.set(scope, fresh);
    return fresh;
  }
}
