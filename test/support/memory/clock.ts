import type { Clock, Random } from "../../../lib/engine/ports.ts";

/** 2026-03-01T12:00:00Z: where every test's time starts. */
export const startMs = 1_772_366_400_000;

/** Time that passes only when somebody sleeps or the test says so. */
export class VirtualClock implements Clock {
  /** Every delay that was slept, in order. */
  readonly slept: number[] = [];
  #nowMs: number;

  constructor(nowMs: number = startMs) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(delayMs: number): Promise<void> {
    if (!Number.isFinite(delayMs)) throw new Error(`sleep(${delayMs}): not a finite delay`);
    this.slept.push(delayMs);
    this.advance(Math.max(0, delayMs));
    return Promise.resolve();
  }

  advance(byMs: number): void {
    if (byMs < 0) throw new Error("time does not run backwards; use set()");
    this.#nowMs += byMs;
  }

  set(nowMs: number): void {
    this.#nowMs = nowMs;
  }
}

/** mulberry32: the same seed, the same world. */
export class SeededRandom implements Random {
  #state: number;
  #ids = 0;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  unit(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  id(): string {
    this.#ids += 1;
    const noise = Math.floor(this.unit() * 2 ** 32).toString(36);
    return `id${String(this.#ids).padStart(6, "0")}-${noise}`;
  }
}
