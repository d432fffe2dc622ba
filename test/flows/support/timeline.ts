import type { VirtualClock } from "../../support/memory/clock.ts";

/**
 * Many functions in one virtual time: the earliest sleeper wakes, and everything that follows from it happens before the
 * next one. Turns of Node's own loop are waited for, as web streams take some.
 */
export class Timeline {
  readonly #clock: VirtualClock;
  readonly #sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((wake) => this.#sleepers.push({ atMs: this.nowMs() + Math.max(0, delayMs), wake }));
  }

  /** Runs until everything that was begun has ended. */
  async run(work: readonly Promise<unknown>[]): Promise<void> {
    let isOver = false;
    const all = Promise.all(work).finally(() => {
      isOver = true;
    });
    all.catch(() => undefined);
    for (;;) {
      for (let turn = 0; turn < turnsMax; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (isOver) break;
      const next = this.#sleepers.toSorted((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) continue;
      this.#sleepers.splice(this.#sleepers.indexOf(next), 1);
      this.#clock.set(Math.max(this.nowMs(), next.atMs));
      next.wake();
    }
    await all;
  }
}

const turnsMax = 2;
