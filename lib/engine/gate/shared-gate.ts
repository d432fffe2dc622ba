import type { BucketScope, Clock, Gate, GateGauge, Random, Reservation } from "../ports.ts";
import { emptyGateItem, lateMsMax, reserveSpaced, standOf, tightenSpaced } from "./spaced-bucket.ts";
import type { GateItem } from "./spaced-bucket.ts";

/** Where the accounts' items are kept: one conditional write moves one of them on. */
export interface GateItems {
  /** Consistent; revision 0 and null when there is none yet. */
  read(key: string): Promise<{ readonly item: GateItem | null; readonly revision: number }>;
  /** Stores the item if the stored revision is still the one that was read. */
  write(key: string, item: GateItem, readRevision: number): Promise<"stored" | "superseded">;
}

const triesMax = 6;
const backoffMs = 8;
/** When all tries were lost to others: they are busy, and so is the account. */
const contendedMs = 250;

/** The gate over one item an account: one read and one compare-and-set take the tokens of all of a call's limits at once. */
export function createSharedGate(world: {
  readonly items: GateItems;
  readonly clock: Clock;
  readonly random: Random;
}): Gate & GateGauge {
  const { clock, random, items } = world;

  const pause = (lostTries: number): Promise<void> => clock.sleep(random.unit() * backoffMs * 2 ** lostTries);

  return {
    async reserve(request): Promise<Reservation> {
      const key = itemKeyOf(request.scopes);
      if (key === null) return ungated(random.id(), request.want, clock.nowMs());
      for (let lostTries = 0; lostTries < triesMax; lostTries += 1) {
        const { item, revision } = await items.read(key);
        const verdict = reserveSpaced(item ?? emptyGateItem, request, clock.nowMs());
        if (verdict.kind === "refused") return { kind: "refused", retryAtMs: verdict.retryAtMs, reason: "limit" };
        const stored = await items.write(key, verdict.item, revision);
        if (stored === "stored") return { kind: "granted", id: random.id(), sendAtMs: verdict.sendAtMs, lateMsMax };
        await pause(lostTries);
      }
      const retryAtMs = Math.ceil(clock.nowMs() + contendedMs * (1 + random.unit()));
      return { kind: "refused", retryAtMs, reason: "limit" };
    },

    async settle(_id, outcome): Promise<void> {
      const key = itemKeyOf(outcome.scopes);
      const { notBeforeMs } = outcome.hints;
      if (key === null || notBeforeMs === null) return;
      for (let lostTries = 0; lostTries < triesMax; lostTries += 1) {
        const { item, revision } = await items.read(key);
        const tightened = tightenSpaced(item ?? emptyGateItem, outcome.scopes, notBeforeMs, clock.nowMs());
        if (tightened === null || (await items.write(key, tightened, revision)) === "stored") return;
        await pause(lostTries);
      }
    },

    async look(itemKey) {
      const { item } = await items.read(itemKey);
      return standOf(item ?? emptyGateItem, clock.nowMs());
    },
  };
}

function itemKeyOf(scopes: readonly BucketScope[]): string | null {
  const keys = new Set(scopes.map((scope) => scope.item));
  if (keys.size > 1) {
    throw new Error(`one call's limits share one item, but these name several: ${[...keys].join(", ")}`);
  }
  return scopes[0]?.item ?? null;
}

/** A partner that states no limits is not gated. */
function ungated(id: string, want: number, nowMs: number): Reservation {
  return { kind: "granted", id, sendAtMs: Array.from({ length: want }, () => nowMs), lateMsMax };
}
