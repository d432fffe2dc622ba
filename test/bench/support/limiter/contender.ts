import type { EventLoop } from "../../../sim/kernel/event-loop.ts";
import type { Prng } from "../../../sim/kernel/prng.ts";
import type { MeteredStore } from "./metered-store.ts";
import type { Quota } from "./scenario.ts";

/** What a limiter says to a worker, in the worker's own time. */
export type Answer =
  /** Each call may be sent at its time, and no later than `lateMsMax` after it. */
  | { readonly kind: "granted"; readonly id: string; readonly sendAtMs: readonly number[]; readonly lateMsMax: number }
  | { readonly kind: "refused"; readonly retryAtMs: number };

/** One worker's way to the limiter. */
export interface Admission {
  /** Asks for at most `want` calls, none of them later than the deadline. */
  ask(want: number, deadlineMs: number): Promise<Answer>;
  /** The partner refused a call, and said when to come back. */
  refused(id: string, retryAtMs: number): Promise<void>;
}

export interface Contender {
  readonly name: string;
  /** A worker that is told to wait sleeps up to so long; what is further away goes back to the queue. */
  readonly sleepMsMax: number;
  /** One limiter over one store; then a way to it for each worker. */
  open(shared: { readonly quota: Quota; readonly store: MeteredStore }): (worker: WorkerWorld) => Admission;
}

export interface WorkerWorld {
  readonly connectionId: string;
  /** The worker's own clock, which is off by a fixed time. */
  readonly clock: WorkerClock;
  readonly random: Prng;
}

export interface WorkerClock {
  nowMs(): number;
  sleep(delayMs: number): Promise<void>;
}

/** A worker whose timers fire a little late and whose clock is off. */
export function workerClock(
  loop: EventLoop,
  random: Prng,
  error: { readonly offsetMs: number; readonly wakeLateMs: number },
): WorkerClock {
  return {
    nowMs: () => loop.nowMs() + error.offsetMs,
    sleep: (delayMs) => loop.sleep(delayMs + random.unit() * error.wakeLateMs),
  };
}
