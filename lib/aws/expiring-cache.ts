import type { Clock } from "../engine/ports.ts";

/** A bounded number of answers, each for a bounded time; what is oldest makes room. */
export class ExpiringCache<T> {
  readonly #entries = new Map<string, { readonly value: T; readonly setAtMs: number }>();
  readonly #clock: Clock;
  readonly #bounds: { readonly keptMs: number; readonly entriesMax: number };

  constructor(clock: Clock, bounds: { readonly keptMs: number; readonly entriesMax: number }) {
    this.#clock = clock;
    this.#bounds = bounds;
  }

  /** What is kept, unless it is older than the caller can use. */
  get(key: string, ageMsMax: number = this.#bounds.keptMs): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const ageMs = this.#clock.nowMs() - entry.setAtMs;
    if (ageMs >= this.#bounds.keptMs) this.#entries.delete(key);
    return ageMs < Math.min(ageMsMax, this.#bounds.keptMs) ? entry.value : undefined;
  }

  set(key: string, value: T): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, setAtMs: this.#clock.nowMs() });
    const oldest = this.#entries.keys().next();
    if (this.#entries.size > this.#bounds.entriesMax && oldest.done !== true) this.#entries.delete(oldest.value);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
