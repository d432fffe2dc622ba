import { RateLimiterDynamo, RateLimiterRes, RateLimiterUnion } from "rate-limiter-flexible";
import type { Contender, WorkerClock } from "./contender.ts";
import { flexibleTable } from "./flexible-table.ts";
import { world } from "./scenario.ts";

/**
 * rate-limiter-flexible's own DynamoDB store, a limiter a tier in its union, on a table that counts. `share` is how much of each
 * limit it is told of. It reads `Date.now()`, which is therefore the asking worker's clock: see `useClock`.
 */
export function flexible(name: string, share: number): Contender {
  return {
    name,
    sleepMsMax: world.sleepMsMax,
    open({ quota, store }) {
      const table = flexibleTable(store);
      return ({ clock, random }) => {
        const limiters = quota.tiers.map(
          ({ requests, perMs }) =>
            new RateLimiterDynamo({
              storeClient: table.clientOf(() => useClock(clock)),
              tableCreated: true,
              ttlSet: true,
              keyPrefix: `per-${perMs}`,
              points: Math.max(1, Math.floor(requests * share)),
              duration: perMs / 1_000,
            }),
        );
        const union = new RateLimiterUnion(...limiters);
        return {
          async ask() {
            useClock(clock);
            try {
              await union.consume("account");
              return { kind: "granted", id: random.id(), sendAtMs: [clock.nowMs()], lateMsMax: world.lateMsMax };
            } catch (rejected) {
              return { kind: "refused", retryAtMs: clock.nowMs() + longestMs(rejected) };
            }
          },
          refused: () => Promise.resolve(),
        };
      };
    },
  };
}

const realNow = Date.now;

/** Until another worker's turn: between two events of virtual time only one worker runs. */
function useClock(clock: WorkerClock): void {
  Date.now = () => clock.nowMs();
}

export function useRealClock(): void {
  Date.now = realNow;
}

/** A union rejects with what each of its limiters said that had no room. */
function longestMs(rejected: unknown): number {
  if (typeof rejected !== "object" || rejected === null || rejected instanceof Error) throw rejected;
  const waits = Object.values(rejected).map((said: unknown) => {
    if (!(said instanceof RateLimiterRes)) throw said;
    return said.msBeforeNext;
  });
  return Math.max(1, ...waits);
}
