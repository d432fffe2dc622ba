import type { Backends } from "./backends.ts";
import { removeExpiredMessages } from "./queues/durability.ts";
import { createTimeToLiveSweeper } from "./tables/time-to-live.ts";

const sweepMs = 30_000;
const streamRetentionMs = 24 * 3_600_000;

/** Time to live, message retention and the age of stream records, a little every half minute. Returns how to stop. */
export function startSweeping(
  backends: Backends,
  nowMs: () => number,
  log: (line: string) => void,
): () => Promise<void> {
  const sweeper = createTimeToLiveSweeper(backends.tables);
  let underWay: Promise<void> = Promise.resolve();

  async function sweep(): Promise<void> {
    try {
      removeExpiredMessages(backends.fauxqs, nowMs());
      backends.tables.journal.prune(nowMs() - streamRetentionMs);
      await sweeper.sweep(nowMs());
    } catch (error) {
      log(`sweep failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  const timer = setInterval(() => {
    underWay = underWay.then(sweep);
  }, sweepMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await underWay;
  };
}
