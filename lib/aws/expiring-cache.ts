import type { Clock } from "../engine/ports.ts";

/** A bounded number of answers, each for a bounded time; what is oldest makes room. */
export class ExpiringCache<T> {
  readonly #entries = new Map<string, { readonly value: T; readonly untilMs: number }>();
  readonly #clock: Clock;
  readonly #bounds: { readonly keptMs: number; readonly entriesMax: number };

  constructor(clock: Clock, bounds: { readonly keptMs: number; readonly entriesMax: number }) {
    this.#clock = clock;
    this.#bounds = bounds;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.untilMs > this.#clock.nowMs()) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, value: T): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, untilMs: this.#clock.nowMs() + this.#bounds.keptMs });
    const oldest = this.#entries.keys().next();
    if (this.#entries.size > this.#bounds.entriesMax && oldest.done !== true) this.#entries.delete(oldest.value);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
