import type { Clock } from "../../../lib/engine/ports.ts";
import type { Ground } from "../kernel/ground.ts";
import type { Prng } from "../kernel/prng.ts";

/** One Lambda execution environment: its own clock, and a life that can end at any call. What is dead resumes nothing. */
export class Instance {
  readonly id: string;
  readonly skewMs: number;
  readonly clock: Clock;
  readonly prng: Prng;
  isAlive = true;
  /** Ends the invocation that is under way; set by the function that it belongs to. */
  onDeath: (how: string) => void = () => {};

  constructor(ground: Ground, prng: Prng, id: string, settings: { skewMsMax: number; oversleep: number }) {
    this.id = id;
    this.prng = prng;
    this.skewMs = prng.between(-settings.skewMsMax, settings.skewMsMax);
    this.clock = {
      nowMs: () => Math.floor(ground.loop.nowMs() + this.skewMs),
      sleep: (delayMs) => {
        if (!Number.isFinite(delayMs)) throw new RangeError(`sleep(${delayMs}): not a finite delay`);
        const oversleeps = ground.isFaulty() && prng.chance(settings.oversleep);
        if (oversleeps) ground.coverage.count("overslept");
        const lateMs = oversleeps ? prng.between(20, 600) : prng.unit();
        return new Promise((resolve) => {
          // setTimeout counts whole milliseconds.
          ground.loop.after(Math.ceil(delayMs) + lateMs, () => {
            if (this.isAlive) resolve();
          });
        });
      },
    };
  }

  die(how: string): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.onDeath(how);
  }
}
