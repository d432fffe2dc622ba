import type { Clock, Gate, GateGauge, GateState, Random, Reservation } from "../ports.ts";
import { emptyGateItem } from "./gate-item.ts";
import type { GateItem } from "./gate-item.ts";
import { noHints } from "./no-hints.ts";
import { reservationId, tokensOf } from "./reservation-id.ts";
import type { GrantedTokens } from "./reservation-id.ts";
import { reserveDated } from "./reserve-dated.ts";
import type { DatedRequest, DatedVerdict, GateItemsByKey } from "./reserve-dated.ts";
import { settleDated } from "./settle-dated.ts";
import type { Outcome } from "./settle-dated.ts";
import { standOf } from "./stand-of.ts";

/** Where the items are kept: one conditional write moves one of them on. */
export interface GateItems {
  /** Consistent; revision 0 and null when there is none yet. */
  read(key: string): Promise<{ readonly item: GateItem | null; readonly revision: number }>;
  /** Stores the item if the stored revision is still the one that was read. */
  write(key: string, item: GateItem, readRevision: number): Promise<"stored" | "superseded">;
}

const triesMax = 6;
const backoffMs = 8;
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
const seenItemsMax = 64;

interface Seen {
  readonly items: GateItemsByKey;
  readonly revisions: ReadonlyMap<string, number>;
}

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
  /** What was last seen of an item says whether an answer's hints can be news. */
  const lastSeen = new Map<string, GateItem>();

  const pause = (lostTries: number): Promise<void> => clock.sleep(random.unit() * backoffMs * 2 ** lostTries);

  const remember = (key: string, item: GateItem): void => {
    lastSeen.delete(key);
    lastSeen.set(key, item);
    if (lastSeen.size > seenItemsMax) lastSeen.delete([...lastSeen.keys()][0] ?? key);
  };

  const readAll = async (keys: readonly string[]): Promise<Seen> => {
    const read = await Promise.all(keys.map(async (key) => [key, await items.read(key)] as const));
    for (const [key, { item }] of read) remember(key, item ?? emptyGateItem);
    return {
      items: new Map(read.map(([key, { item }]) => [key, item ?? emptyGateItem])),
      revisions: new Map(read.map(([key, { revision }]) => [key, revision])),
    };
  };

  const writeOne = async (key: string, item: GateItem, seen: Seen): Promise<boolean> => {
    const stored = (await items.write(key, item, seen.revisions.get(key) ?? 0)) === "stored";
    if (stored) remember(key, item);
    return stored;
  };

  const change = async (keys: readonly string[], tokens: GrantedTokens, outcome: Outcome): Promise<void> => {
    let open = keys;
    for (let lostTries = 0; open.length > 0 && lostTries < triesMax; lostTries += 1) {
      if (lostTries > 0) await pause(lostTries);
      const seen = await readAll(open);
      const lost: string[] = [];
      for (const [key, item] of settleDated(seen.items, tokens, onlyItems(outcome, open), clock.nowMs()))
        if (!(await writeOne(key, item, seen))) lost.push(key);
      open = lost;
    }
  };

  /** Writes what was granted, or nothing: true when all of it is stored. */
  const writeAll = async (
    verdict: Extract<DatedVerdict, { kind: "granted" }>,
    seen: Seen,
    request: DatedRequest,
  ): Promise<boolean> => {
    const written: string[] = [];
    for (const [key, item] of verdict.items) {
      if (await writeOne(key, item, seen)) {
        written.push(key);
        continue;
      }
      const tokens = { weight: request.weight, dates: verdict.sendAtMs, untold: true } as const;
      if (written.length > 0) await change(written, tokens, unsent(request, verdict.sendAtMs.length, written));
      return false;
    }
    return true;
  };

  return {
    async reserve(request): Promise<Reservation> {
      const keys = itemKeysOf(request.scopes);
      const lateMs = lateMsOf(request);
      if (keys.length === 0) return ungated(random.id(), request, clock.nowMs());
      for (let lostTries = 0; lostTries < triesMax; lostTries += 1) {
        const seen = await readAll(keys);
        const verdict = reserveDated(seen.items, request, clock.nowMs());
        if (verdict.kind === "refused") return refused(verdict, request.deadlineMs, clock.nowMs(), random.unit());
        if (await writeAll(verdict, seen, request)) {
          const id = reservationId(random.id(), { weight: request.weight, dates: verdict.sendAtMs });
          return { kind: "granted", id, sendAtMs: verdict.sendAtMs, lateMsMax: lateMs };
        }
        await pause(lostTries);
      }
      const retryAtMs = Math.ceil(clock.nowMs() + contendedMs * (1 + random.unit()));
      return { kind: "refused", retryAtMs, reason: "limit" };
    },

    async settle(id, outcome): Promise<void> {
      const keys = itemKeysOf(outcome.scopes);
      const tokens = tokensOf(id);
      const known = new Map(keys.map((key) => [key, lastSeen.get(key) ?? emptyGateItem]));
      const news = settleDated(known, tokens, outcome, clock.nowMs());
      await change([...news.keys()], tokens, outcome);
    },

    async look(itemKey): Promise<GateState> {
      const { item } = await items.read(itemKey);
      return standOf(item ?? emptyGateItem, clock.nowMs());
    },
  };
}

function itemKeysOf(scopes: DatedRequest["scopes"]): readonly string[] {
  const keys = [...new Set(scopes.map((scope) => scope.item))];
  if (keys.length > itemsMax)
    throw new Error(`one call's limits lie in at most ${itemsMax} items, but these name ${keys.join(", ")}`);
  return keys;
}

function onlyItems(outcome: Outcome, keys: readonly string[]): Outcome {
  return { ...outcome, scopes: outcome.scopes.filter((scope) => keys.includes(scope.item)) };
}

/** Certain: the caller was never told of these tokens. */
function unsent(request: DatedRequest, unused: number, keys: readonly string[]): Outcome {
  const { scopes, connectionId } = request;
  return onlyItems({ scopes, connectionId, sent: 0, unused, kinds: [], hints: noHints }, keys);
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
  const atMs = Math.min(sureAtMs, Math.max(hopedAtMs, nowMs + callEndsMs * (1 + unit)));
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
