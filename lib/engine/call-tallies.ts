import type { CallTally } from "./breaker.ts";

interface Tally extends CallTally {
  readonly sinceMs: number;
  readonly reportedAtMs: number;
}

/** Older counts say nothing of now: as long as the breaker's windows are. */
const keptMs = 60_000;
/** A worker reports at most once in this, and only when something failed. */
const reportEveryMs = 15_000;
/** Bounds what one worker counts; of more connections than this the oldest is forgotten. */
const keysMax = 500;

/**
 * What one worker has counted of its own calls and not yet told: all is well costs no write, and the successes of the same
 * minute ride along with the first failure.
 */
export class CallTallies {
  readonly #tallies = new Map<string, Tally>();

  /** Counts one call; answers with what is to be told now, or null. */
  add(key: string, failed: boolean, nowMs: number): CallTally | null {
    const former = this.#tallies.get(key);
    const { calls, failures, sinceMs } =
      former === undefined || nowMs - former.sinceMs > keptMs ? { calls: 0, failures: 0, sinceMs: nowMs } : former;
    const tally = { calls: calls + 1, failures: failures + (failed ? 1 : 0), sinceMs };
    const reportedAtMs = former?.reportedAtMs ?? Number.NEGATIVE_INFINITY;
    const due = tally.failures > 0 && nowMs - reportedAtMs >= reportEveryMs;
    this.#keep(key, due ? { calls: 0, failures: 0, sinceMs: nowMs, reportedAtMs: nowMs } : { ...tally, reportedAtMs });
    return due ? { calls: tally.calls, failures: tally.failures } : null;
  }

  /** What could not be told is counted on. */
  putBack(key: string, tally: CallTally, nowMs: number): void {
    const current = this.#tallies.get(key) ?? { calls: 0, failures: 0, sinceMs: nowMs, reportedAtMs: nowMs };
    const calls = current.calls + tally.calls;
    this.#keep(key, { ...current, calls, failures: current.failures + tally.failures });
  }

  #keep(key: string, tally: Tally): void {
    this.#tallies.delete(key);
    this.#tallies.set(key, tally);
    const oldest = this.#tallies.keys().next();
    if (this.#tallies.size > keysMax && oldest.done !== true) this.#tallies.delete(oldest.value);
  }
}
