import type { EventLoop } from "../../../sim/kernel/event-loop.ts";

export interface Job {
  readonly releasedAtMs: number;
}

/** A standard queue with as many pollers as there are workers: whoever is idle takes what is visible, up to a batch. */
export class JobQueue {
  readonly #loop: EventLoop;
  readonly #batch: number;
  #visible: Job[] = [];
  #taken = 0;
  readonly #idle: ((jobs: Job[]) => void)[] = [];
  #handing = false;

  constructor(loop: EventLoop, batch: number) {
    this.#loop = loop;
    this.#batch = batch;
  }

  put(jobs: readonly Job[], visibleAtMs: number): void {
    this.#loop.at(visibleAtMs, () => {
      this.#visible.push(...jobs);
      this.#handOutSoon();
    });
  }

  take(): Promise<Job[]> {
    return new Promise((resolve) => {
      this.#idle.push(resolve);
      this.#handOutSoon();
    });
  }

  /** After everything that becomes visible at the same time. */
  #handOutSoon(): void {
    if (this.#handing) return;
    this.#handing = true;
    this.#loop.after(0, () => {
      this.#handing = false;
      while (this.#taken < this.#visible.length) {
        const worker = this.#idle.shift();
        if (worker === undefined) return;
        worker(this.#visible.slice(this.#taken, this.#taken + this.#batch));
        this.#taken += this.#batch;
      }
      this.#visible = [];
      this.#taken = 0;
    });
  }
}
