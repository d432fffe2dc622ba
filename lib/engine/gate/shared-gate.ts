import type { Clock, Gate, GateGauge, GateState, Random, Reservation } from "../ports.ts";
import { emptyGateItem } from "./gate-item.ts";
import { ItemShelf } from "./item-shelf.ts";
import type { GateItems, TakenItems } from "./item-shelf.ts";
import { noHints } from "./no-hints.ts";
import { leaseMs } from "./open-bucket.ts";
import { reservationId, tokensOf } from "./reservation-id.ts";
import type { GrantedTokens } from "./reservation-id.ts";
import { reserveDated } from "./reserve-dated.ts";
import type { DatedRequest, DatedVerdict } from "./reserve-dated.ts";
import { settleDated } from "./settle-dated.ts";
import type { Outcome } from "./settle-dated.ts";
import { standOf } from "./stand-of.ts";

export type { GateItems } from "./item-shelf.ts";

/** In about a second: whoever gives up sends its job back to the queue, which costs more than a few lost writes. */
const triesMax = 12;
const backoffMs = 8;
const backoffMsMax = 128;
/** When all tries were lost to others: they are busy, and so is the limit. */
const contendedMs = 250;
const itemsMax = 3;
/** A token is abandoned by its caller when it is later than this share of the uncertainty, or than the most of it. */
const lateShare = 0.4;
const lateMsMax = 100;
/** Those who are refused with no patience at all come back this far apart. */
const spreadMs = 64;
/** How soon a call under way may have ended. */
const callEndsMs = 1_000;

/**
 * The gate over items that all functions share: one read and one compare-and-set take the next tokens of all of a call's
 * limits. Where limits lie in several items (an app's and an account's) these are written one after the other, and what was
 * taken of the first is given back when a later one is lost.
 */
export function createSharedGate(world: {
  readonly items: GateItems;
  readonly clock: Clock;
  readonly random: Random;
}): Gate & GateGauge {
  const { clock, random, items } = world;
  const shelf = new ItemShelf(items);
  const settling = { shelf, clock, random };

  return {
    async reserve(request): Promise<Reservation> {
      const keys = itemKeysOf(request.scopes);
      if (keys.length === 0) return ungated(random.id(), request, clock.nowMs());
      for (let lostTries = 0; lostTries < triesMax; lostTries += 1) {
        const taken = await shelf.take(keys, lostTries === 0);
        const verdict = reserveDated(taken.items, request, clock.nowMs());
        if (verdict.kind === "refused" && taken.areRemembered) continue;
        if (verdict.kind === "refused") return refused(verdict, request.deadlineMs, clock.nowMs(), random.unit());
        const written = await writeAll(taken, verdict);
        if (written === "all") return granted(random.id(), request, verdict.sendAtMs);
        const tokens = { weight: request.weight, dates: verdict.sendAtMs, untold: true } as const;
        await settleItems(settling, written, tokens, unsent(request, verdict.sendAtMs.length));
        await pause(world, lostTries);
      }
      const retryAtMs = Math.ceil(clock.nowMs() + contendedMs * (1 + random.unit()));
      return { kind: "refused", retryAtMs, reason: "limit" };
    },

    async settle(id, outcome): Promise<void> {
      const keys = itemKeysOf(outcome.scopes);
      const tokens = tokensOf(id);
      const news = settleDated(shelf.lastSeen(keys), tokens, outcome, clock.nowMs());
      await settleItems(settling, [...news.keys()], tokens, outcome);
    },

    async look(itemKey): Promise<GateState> {
      const { item } = await items.read(itemKey);
      return standOf(item ?? emptyGateItem, clock.nowMs());
    },
  };
}

interface Settling {
  readonly shelf: ItemShelf;
  readonly clock: Clock;
  readonly random: Random;
}

/** One item after the other; where one is lost, those that were written and have to give back. */
async function writeAll(
  taken: TakenItems,
  verdict: Extract<DatedVerdict, { kind: "granted" }>,
): Promise<"all" | readonly string[]> {
  const written: string[] = [];
  for (const [key, item] of verdict.items) {
    if (!(await taken.write(key, item))) return written;
    written.push(key);
  }
  return "all";
}

async function settleItems(
  world: Settling,
  keys: readonly string[],
  tokens: GrantedTokens,
  outcome: Outcome,
): Promise<void> {
  let open = keys;
  for (let lostTries = 0; open.length > 0 && lostTries < triesMax; lostTries += 1) {
    if (lostTries > 0) await pause(world, lostTries);
    const taken = await world.shelf.take(open);
    const lost: string[] = [];
    const own = { ...outcome, scopes: outcome.scopes.filter((scope) => open.includes(scope.item)) };
    for (const [key, item] of settleDated(taken.items, tokens, own, world.clock.nowMs()))
      if (!(await taken.write(key, item))) lost.push(key);
    open = lost;
  }
}

function pause({ clock, random }: Pick<Settling, "clock" | "random">, lostTries: number): Promise<void> {
  return clock.sleep(random.unit() * Math.min(backoffMsMax, backoffMs * 2 ** lostTries));
}

function itemKeysOf(scopes: DatedRequest["scopes"]): readonly string[] {
  const keys = [...new Set(scopes.map((scope) => scope.item))];
  if (keys.length > itemsMax)
    throw new Error(`one call's limits lie in at most ${itemsMax} items, but these name ${keys.join(", ")}`);
  return keys;
}

function unsent({ scopes, connectionId }: DatedRequest, unused: number): Outcome {
  return { scopes, connectionId, sent: 0, unused, kinds: [], hints: noHints };
}

function granted(unique: string, request: DatedRequest, sendAtMs: readonly number[]): Reservation {
  const id = reservationId(unique, { weight: request.weight, dates: sendAtMs });
  return { kind: "granted", id, sendAtMs, lateMsMax: lateMsOf(request) };
}

/**
 * Early enough to be given the date that a call of the same patience will get, and each at another moment: sixty-four who
 * wait must not come back in one millisecond.
 */
function refused(
  { sureAtMs, hopedAtMs }: Extract<DatedVerdict, { kind: "refused" }>,
  deadlineMs: number,
  nowMs: number,
  unit: number,
): Reservation {
  const patienceMs = Math.max(0, deadlineMs - nowMs);
  // The longer the oldest call under way takes, the less likely it ends in the next moment: a partner that hangs is asked rarely.
  const heldMs = Math.max(0, leaseMs - (sureAtMs - nowMs));
  const lookMs = Math.max(callEndsMs, heldMs / 2) * (1 + unit);
  const atMs = Math.min(sureAtMs, Math.max(hopedAtMs, nowMs + lookMs));
  const spread = patienceMs > 2 * spreadMs ? (-patienceMs / 2) * unit : spreadMs * unit;
  return { kind: "refused", retryAtMs: Math.max(Math.ceil(nowMs) + 1, Math.ceil(atMs + spread)), reason: "limit" };
}

function lateMsOf({ scopes }: DatedRequest): number {
  return Math.min(lateMsMax, ...scopes.map((scope) => Math.floor(scope.uncertaintyMs * lateShare)));
}

/** A partner that states no limits is not gated. */
function ungated(id: string, { want }: DatedRequest, nowMs: number): Reservation {
  return { kind: "granted", id, sendAtMs: Array.from({ length: want }, () => Math.ceil(nowMs)), lateMsMax };
}
