import type { CallTally } from "./breaker.ts";
import { worstOf } from "./worst-connections.ts";
import type { ConnectionTally } from "./worst-connections.ts";

interface Tally {
  readonly calls: number;
  readonly failures: number;
  /** Whose they were, where that was said. */
  readonly of: readonly ConnectionTally[];
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
/** Of as many connections a tally knows whose its calls were: of one that fails before the others. */
const ofMax = 20;
const never = Number.NEGATIVE_INFINITY;

/**
 * What one worker has counted of its own calls and not yet told: while all is well nothing is written, and the successes of
 * the same minute ride along with the first failure.
 */
export class CallTallies {
  readonly #tallies = new Map<string, Tally>();

  /**
   * Counts one call; answers with what is to be told now, or null. `by` is whose it was; `asked`: successes are to be told
   * too, as others tell of failures.
   */
  add(
    key: string,
    failed: boolean,
    nowMs: number,
    { by, asked = false }: { readonly by?: string; readonly asked?: boolean } = {},
  ): CallTally | null {
    const former = this.#tallies.get(key) ?? emptyAt(nowMs);
    const current = nowMs - former.sinceMs > keptMs ? { ...former, ...nothing, sinceMs: nowMs } : former;
    const failures = failed ? 1 : 0;
    const of = by === undefined ? current.of : worstOf([...current.of, { tag: by, calls: 1, failures }], ofMax);
    const tally = { ...current, calls: current.calls + 1, failures: current.failures + failures, of };
    const hurried = isBad(tally) && nowMs - tally.hurriedAtMs >= hurryEveryMs;
    const isWorthTelling = tally.failures > 0 || asked;
    const due = isWorthTelling && (hurried || nowMs - tally.reportedAtMs >= reportEveryMs);
    if (!due) {
      this.#keep(key, tally);
      return null;
    }
    const hurriedAtMs = hurried ? nowMs : tally.hurriedAtMs;
    this.#keep(key, { ...nothing, sinceMs: nowMs, reportedAtMs: nowMs, hurriedAtMs });
    const worst = worstOf(tally.of);
    return { calls: tally.calls, failures: tally.failures, ...(worst.length > 0 && { worst }) };
  }

  /** What could not be told is counted on. */
  putBack(key: string, tally: CallTally, nowMs: number): void {
    const current = this.#tallies.get(key) ?? { ...emptyAt(nowMs), reportedAtMs: nowMs };
    const calls = current.calls + tally.calls;
    const of = worstOf([...current.of, ...(tally.worst ?? [])], ofMax);
    this.#keep(key, { ...current, calls, failures: current.failures + tally.failures, of });
  }

  #keep(key: string, tally: Tally): void {
    this.#tallies.delete(key);
    this.#tallies.set(key, tally);
    const oldest = this.#tallies.keys().next();
    if (this.#tallies.size > keysMax && oldest.done !== true) this.#tallies.delete(oldest.value);
  }
}

const nothing: Pick<Tally, "calls" | "failures" | "of"> = { calls: 0, failures: 0, of: [] };

function emptyAt(sinceMs: number): Tally {
  return { ...nothing, sinceMs, reportedAtMs: never, hurriedAtMs: never };
}

function isBad({ calls, failures }: CallTally): boolean {
  return calls >= hurryCalls && failures * 2 >= calls;
}
