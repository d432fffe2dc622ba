import process from "node:process";

interface Timer {
  readonly atMs: number;
  readonly sequence: number;
  readonly run: () => void;
}

/**
 * Virtual time: the earliest timer runs, then everything that its promises set off, then the next timer. Nothing else
 * makes time pass, and nothing in a simulation may wait for anything but a timer of this loop.
 */
export class EventLoop {
  #nowMs: number;
  #sequence = 0;
  #failure: Error | null = null;
  readonly #heap: Timer[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  at(atMs: number, run: () => void): void {
    this.#push({ atMs: Math.max(atMs, this.#nowMs), sequence: this.#sequence++, run });
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.#nowMs + Math.max(0, delayMs), run);
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  /** Stops the loop after the event that is under way; the first failure counts. */
  fail(error: Error): void {
    this.#failure ??= error;
  }

  /** @returns how many timers ran. Throws what `fail` was given. */
  async runUntil(endMs: number): Promise<number> {
    // The first event too must run within a reaction: see below.
    await Promise.resolve();
    let ran = 0;
    for (let timer = this.#heap[0]; timer !== undefined && timer.atMs <= endMs; timer = this.#heap[0]) {
      this.#pop();
      this.#nowMs = timer.atMs;
      timer.run();
      ran += 1;
      await promisesSettled();
      this.throwIfFailed();
    }
    this.#nowMs = endMs;
    return ran;
  }

  throwIfFailed(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let index = heap.push(timer) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isEarlier(above, timer)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const [left, right] = [heap[2 * index + 1], heap[2 * index + 2]];
      const below = right !== undefined && left !== undefined && isEarlier(right, left) ? right : left;
      if (below === undefined || isEarlier(last, below)) break;
      heap[index] = below;
      index = below === left ? 2 * index + 1 : 2 * index + 2;
    }
    heap[index] = last;
  }
}

function isEarlier(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);
}

/**
 * A tick that is asked for within a promise's reaction comes when no reaction is left to run. `setImmediate` would do as
 * well, and costs a turn of Node's own loop for every event.
 */
function promisesSettled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
