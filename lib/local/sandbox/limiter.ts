import type { JournalEntry } from "./journal-entry.ts";
import type { JournalListener } from "./journal.ts";
import { windowStartMs } from "./limit-windows.ts";
import type { WindowRule } from "./limit-windows.ts";

/** One documented limit, for one scope. */
export type LimitRule = { readonly scope: string; readonly limit: number; readonly reason: string } & (
  | WindowRule
  | BucketRule
  /** So many at once. */
  | { readonly kind: "concurrency" }
);

/** A bucket that holds `limit`, full at first, and into which `refill` run evenly every `perMs`. */
interface BucketRule {
  readonly kind: "bucket";
  readonly refill: number;
  readonly perMs: number;
}

/** A rule that an arrival broke; `count` is how many arrivals it then held, refused ones and this one included. */
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
  /** Of a bucket, only those that `taken` does not yet know of. */
  admittedAtMs: number[];
  refusedAtMs: number[];
  /** What was taken out of a bucket and has not run back by then. */
  taken: { readonly units: number; readonly atMs: number };
}

/** Judges arrivals strictly: a log of arrivals a scope, no allowance. An arrival refused by one rule counts in none. */
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
    if (rule.kind === "bucket") return this.#takenWith(rule, window, nowMs);
    const startMs = windowStartMs(rule, nowMs);
    const inWindow = (atMs: number) => (rule.kind === "rate" ? atMs > startMs : atMs >= startMs);
    window.admittedAtMs = window.admittedAtMs.filter(inWindow);
    window.refusedAtMs = window.refusedAtMs.filter(inWindow);
    return window.admittedAtMs.length + 1;
  }

  #takenWith({ refill, perMs }: BucketRule, window: Window, nowMs: number): number {
    const leftAt = (atMs: number): number =>
      Math.max(0, window.taken.units - ((atMs - window.taken.atMs) * refill) / perMs);
    for (const atMs of window.admittedAtMs) window.taken = { units: leftAt(atMs) + 1, atMs };
    window.admittedAtMs = [];
    window.refusedAtMs = window.refusedAtMs.filter((atMs) => atMs > nowMs - perMs);
    // A millionth of a call is what divisions lose.
    return leftAt(nowMs) + 1 - 1e-6;
  }

  #arrivals(rule: LimitRule, nowMs: number, count: number): number {
    if (rule.kind === "concurrency") return count;
    const { refusedAtMs } = this.#window(rule.scope);
    if (refusedAtMs.length < KEPT_MAX) refusedAtMs.push(nowMs);
    return Math.ceil(count) + refusedAtMs.length - 1;
  }

  #admit(rule: LimitRule, nowMs: number): void {
    if (rule.kind !== "concurrency") this.#window(rule.scope).admittedAtMs.push(nowMs);
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
    if (rule.kind !== "concurrency") return;
    const left = (this.#underWay.get(rule.scope) ?? 0) - 1;
    if (left > 0) this.#underWay.set(rule.scope, left);
    else this.#underWay.delete(rule.scope);
  }

  #window(scope: string): Window {
    const known = this.#windows.get(scope);
    if (known !== undefined) return known;
    const fresh: Window = { admittedAtMs: [], refusedAtMs: [], taken: { units: 0, atMs: 0 } };
    this.#windows.set(scope, fresh);
    return fresh;
  }
}
