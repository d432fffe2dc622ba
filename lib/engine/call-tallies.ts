import type { CallTally } from "./breaker.ts";

interface Tally extends CallTally {
  readonly sinceMs: number;
  readonly reportedAtMs: number;
  readonly hurriedAtMs: number;
}

/** Older counts say nothing of now: as long as the breaker's windows are. */
const keptMs = 60_000;
/** A worker reports at most once in this, and only when something failed. */
const reportEveryMs = 15_000;
/** Unless so many calls failed for the most part that they may open the breaker by themselves: then this is how often. */
const hurryCalls = 20;
const hurryEveryMs = 5_000;
/** Bounds what one worker counts; of more connections than this the oldest is forgotten. */
const keysMax = 500;
const never = Number.NEGATIVE_INFINITY;

/**
 * What one worker has counted of its own calls and not yet told: while all is well nothing is written, and the successes of
 * the same minute ride along with the first failure.
 */
export class CallTallies {
  readonly #tallies = new Map<string, Tally>();

  /** Counts one call; answers with what is to be told now, or null. */
  add(key: string, failed: boolean, nowMs: number): CallTally | null {
    const former = this.#tallies.get(key) ?? emptyAt(nowMs);
    const current = nowMs - former.sinceMs > keptMs ? { ...former, calls: 0, failures: 0, sinceMs: nowMs } : former;
    const tally = { ...current, calls: current.calls + 1, failures: current.failures + (failed ? 1 : 0) };
    const hurried = isBad(tally) && nowMs - tally.hurriedAtMs >= hurryEveryMs;
    const due = tally.failures > 0 && (hurried || nowMs - tally.reportedAtMs >= reportEveryMs);
    if (!due) {
      this.#keep(key, tally);
      return null;
    }
    const hurriedAtMs = hurried ? nowMs : tally.hurriedAtMs;
    this.#keep(key, { calls: 0, failures: 0, sinceMs: nowMs, reportedAtMs: nowMs, hurriedAtMs });
    return { calls: tally.calls, failures: tally.failures };
  }

  /** What could not be told is counted on. */
  putBack(key: string, tally: CallTally, nowMs: number): void {
    const current = this.#tallies.get(key) ?? { ...emptyAt(nowMs), reportedAtMs: nowMs };
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

function emptyAt(sinceMs: number): Tally {
  return { calls: 0, failures: 0, sinceMs, reportedAtMs: never, hurriedAtMs: never };
}

function isBad({ calls, failures }: CallTally): boolean {
  return calls >= hurryCalls && failures * 2 >= calls;
}
