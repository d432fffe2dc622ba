import type { Contender } from "./contender.ts";
import { world } from "./scenario.ts";
import type { Tier } from "./scenario.ts";

const triesMax = 6;

interface Bucket {
  readonly revision: number;
  /** Of each tier, as they stood at `atMs`. */
  readonly tokens: readonly number[];
  readonly atMs: number;
}

/** The bucket that most people would write: as deep as the limit, read, then written if nobody else has. */
export const tokenBucket: Contender = {
  name: "token bucket, read + CAS",
  sleepMsMax: world.sleepMsMax,
  open({ quota: { tiers }, store }) {
    const items = store.items<Bucket>();
    return ({ clock, random }) => ({
      async ask() {
        for (let tries = 0; tries < triesMax; tries += 1) {
          const read = await items.read("account");
          const nowMs = clock.nowMs();
          const tokens = tiers.map((tier, index) => filled(tier, read?.tokens[index], nowMs - (read?.atMs ?? nowMs)));
          const shortMs = Math.max(...tiers.map((tier, index) => missingMs(tier, tokens[index] ?? 0)));
          if (shortMs > 0) return { kind: "refused", retryAtMs: nowMs + shortMs };
          const revision = (read?.revision ?? 0) + 1;
          const left = tokens.map((token) => token - 1);
          const written = await items.write("account", (item) =>
            (item?.revision ?? 0) + 1 === revision ? { revision, tokens: left, atMs: nowMs } : null,
          );
          if (written.stored)
            return { kind: "granted", id: random.id(), sendAtMs: [clock.nowMs()], lateMsMax: world.lateMsMax };
          await clock.sleep(random.unit() * 8 * 2 ** tries);
        }
        return { kind: "refused", retryAtMs: clock.nowMs() + 50 };
      },
      refused: () => Promise.resolve(),
    });
  },
};

function filled({ requests, perMs }: Tier, tokens: number | undefined, passedMs: number): number {
  return Math.min(requests, (tokens ?? requests) + (Math.max(0, passedMs) * requests) / perMs);
}

function missingMs({ requests, perMs }: Tier, tokens: number): number {
  return Math.max(0, ((1 - tokens) * perMs) / requests);
}
