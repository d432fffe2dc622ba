import type { Clock } from "../../../lib/local/clock.ts";

/** A clock that a test moves. */
export interface TestClock extends Clock {
  /** Moves time on and runs what is due, in order, letting promises settle between. */
  advance(ms: number): Promise<void>;
  /** Resolves when somebody waits for exactly this delay. */
  waiting(delayMs: number): Promise<void>;
}

interface Timer {
  readonly atMs: number;
  readonly delayMs: number;
  readonly action: () => void;
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

export function createTestClock(startMs: number): TestClock {
  const timers = new Set<Timer>();
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    after(delayMs, action) {
      const timer = { atMs: nowMs + Math.max(0, delayMs), delayMs, action };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        await turn();
        const [next] = [...timers].filter((timer) => timer.atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs);
        if (next === undefined) break;
        timers.delete(next);
        nowMs = Math.max(nowMs, next.atMs);
        next.action();
      }
      nowMs = endMs;
      await turn();
    },
    async waiting(delayMs) {
      const endMs = Date.now() + 10_000;
      while (![...timers].some((timer) => timer.delayMs === delayMs)) {
        if (Date.now() > endMs) throw new Error(`Nobody waits for ${delayMs} ms.`);
        await turn();
      }
    },
  };
}
