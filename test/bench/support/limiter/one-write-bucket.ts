import type { Contender } from "./contender.ts";
import { world } from "./scenario.ts";
import type { Tier } from "./scenario.ts";

const triesMax = 6;

/**
 * GCRA with one conditional update a call: an item holds when each tier would be free again ("theoretical arrival time").
 * DynamoDB's expressions know no max(), so an update says of each tier whether that time has passed; a wrong guess fails,
 * costs a unit, and brings the item along. The burst is a tenth of the limit, and the rate is what that leaves of it.
 */
export const oneWriteBucket: Contender = {
  name: "one-write bucket",
  sleepMsMax: world.sleepMsMax,
  open({ quota, store }) {
    const items = store.items<readonly number[]>();
    const spacings = quota.tiers.map(spacingOf);
    return ({ clock, random }) => {
      let seen: readonly number[] | null = null;

      /** How long until the tiers as last seen have room. */
      const waitMs = (nowMs: number): number =>
        Math.max(0, ...spacings.map(({ everyMs, burst }, tier) => (seen?.[tier] ?? 0) - (burst - 1) * everyMs - nowMs));

      return {
        async ask() {
          for (let tries = 0; tries < triesMax; tries += 1) {
            const nowMs = clock.nowMs();
            const guess = spacings.map((_, tier) => (seen?.[tier] ?? 0) > nowMs);
            const written = await items.write("account", (item) => {
              const freeAtMs = spacings.map((_, tier) => item?.[tier] ?? 0);
              const holds = spacings.every(({ everyMs, burst }, tier) => {
                const aheadMs = (freeAtMs[tier] ?? 0) - nowMs;
                return guess[tier] === true ? aheadMs > 0 && aheadMs <= (burst - 1) * everyMs : aheadMs <= 0;
              });
              return holds ? spacings.map(({ everyMs }, tier) => Math.max(freeAtMs[tier] ?? 0, nowMs) + everyMs) : null;
            });
            seen = written.item;
            if (written.stored)
              return { kind: "granted", id: random.id(), sendAtMs: [nowMs], lateMsMax: world.lateMsMax };
            const laterMs = waitMs(clock.nowMs());
            if (laterMs > 0) return { kind: "refused", retryAtMs: clock.nowMs() + laterMs };
          }
          return { kind: "refused", retryAtMs: clock.nowMs() + 50 };
        },
        refused: () => Promise.resolve(),
      };
    };
  },
};

/** No window, uncertainty included, holds more than the burst and what runs in meanwhile: together the limit. */
function spacingOf({ requests, perMs }: Tier): { readonly everyMs: number; readonly burst: number } {
  const burst = 1 + Math.floor(requests / 10);
  return { burst, everyMs: (perMs + world.uncertaintyMs) / (requests - burst + 1) };
}
