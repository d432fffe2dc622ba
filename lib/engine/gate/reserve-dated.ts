import type { BucketScope, Gate } from "../ports.ts";
import { fitItem } from "./fit-item.ts";
import { bucketKeyOf, emptyGateItem } from "./gate-item.ts";
import type { Bucket, GateItem } from "./gate-item.ts";
import { rateOf } from "./limit-rate.ts";
import { openBucket } from "./open-bucket.ts";
import type { OpenBucket } from "./open-bucket.ts";
import { keptForOthers, noteUse } from "./recent-users.ts";

export type DatedRequest = Parameters<Gate["reserve"]>[0];
export type GateItemsByKey = ReadonlyMap<string, GateItem>;

export type DatedVerdict =
  | { readonly kind: "granted"; readonly items: GateItemsByKey; readonly sendAtMs: readonly number[] }
  /** `sureAtMs`: a call of that date is admitted, if nobody else takes it; `hopedAtMs`: if calls under way have ended. */
  | { readonly kind: "refused"; readonly sureAtMs: number; readonly hopedAtMs: number };

/** A bucket and what this call may take of it. */
interface Held {
  readonly scope: BucketScope;
  readonly key: string;
  readonly open: OpenBucket;
  readonly weight: number;
  readonly kept: number;
  readonly blockedUntilMs: number;
}

/** A request's tokens at most: bounds what one write can say. */
const wantMax = 256;
const highMemoryMsMin = 10_000;
const highMemoryMsMax = 600_000;

/**
 * Dates up to `want` tokens as early as all scopes together allow, each token in every scope or in none. The items hold what
 * was lately used; what is answered are the same items with these tokens in them.
 *
 * @example
 * const verdict = reserveDated(new Map([["acme#one", item]]), { scopes, weight: 1, want: 10, lane, connectionId, deadlineMs }, nowMs);
 */
export function reserveDated(items: GateItemsByKey, request: DatedRequest, nowMs: number): DatedVerdict {
  const held = openAll(items, request, nowMs);
  const soonestMs = Math.max(Math.ceil(nowMs), ...held.map((each) => each.blockedUntilMs));
  const sendAtMs: number[] = [];
  const firstMs = earliestOf(held, soonestMs);
  let dateMs = firstMs;
  while (isInTime(request, firstMs, dateMs, nowMs) && sendAtMs.length < Math.min(request.want, wantMax)) {
    sendAtMs.push(dateMs);
    for (const { open: bucket, weight } of held) bucket.take(dateMs, weight);
    dateMs = earliestOf(held, dateMs + (request.paceMs ?? 0));
  }
  if (sendAtMs.length === 0) {
    const timed = held.filter(({ scope }) => scope.rule.kind !== "concurrency");
    return { kind: "refused", sureAtMs: firstMs, hopedAtMs: earliestOf(timed, soonestMs) };
  }
  return stored(items, held, request, sendAtMs, nowMs);
}

function openAll(items: GateItemsByKey, request: DatedRequest, nowMs: number): Held[] {
  const opened = uniqueScopes(request.scopes).map((scope) => {
    const item = items.get(scope.item) ?? emptyGateItem;
    const key = bucketKeyOf(scope);
    const bucket = item.buckets[key];
    return { scope, item, key, bucket, open: openBucket(scope, bucket?.use ?? null) };
  });
  const tightest = {
    count: Math.min(...opened.map(({ open }) => open.count)),
    unitsPerMs: Math.min(...opened.map(({ open }) => open.unitsPerMs)),
  };
  const { connectionId, weight } = request;
  const sharing = { connectionId, units: atOnceOf(request, request.want * weight), tightest };
  return opened.map(({ scope, item, key, bucket, open }) => {
    const isHigh = request.lane === "webhooks" || !highIsInUse(item, scope, nowMs);
    const keptHigh = isHigh ? 0 : Math.round(scope.highShare * open.count);
    return {
      scope,
      key,
      open,
      weight: Math.min(Math.max(1, Math.ceil(request.weight)), open.weightMax),
      kept: keptHigh + keptForOthers(item.users, sharing, open, nowMs),
      blockedUntilMs: bucket?.blockedUntilMs ?? 0,
    };
  });
}

/** Calls that follow one another are one at a time, however many are asked for. */
function atOnceOf({ paceMs, weight }: DatedRequest, units: number): number {
  return paceMs === undefined ? units : Math.min(units, weight);
}

/**
 * The first date has to lie in the first half of the caller's patience. At the far end of it there is never more than the
 * one date that has just come into sight: whoever took that would write for each call, and ten dates are one write too.
 */
function isInTime({ deadlineMs }: DatedRequest, firstMs: number, dateMs: number, nowMs: number): boolean {
  return firstMs <= nowMs + Math.max(0, deadlineMs - nowMs) / 2 && dateMs <= deadlineMs;
}

function highIsInUse(item: GateItem, scope: BucketScope, nowMs: number): boolean {
  const windowMs = rateOf(scope.rule)?.perMs ?? 0;
  return nowMs - item.highAtMs < Math.min(highMemoryMsMax, Math.max(highMemoryMsMin, windowMs));
}

function earliestOf(held: readonly Held[], fromMs: number): number {
  let dateMs = fromMs;
  for (;;) {
    const laterMs = held.reduce((atMs, each) => each.open.earliestMs(atMs, each.weight, each.kept), dateMs);
    if (laterMs === dateMs) return dateMs;
    dateMs = laterMs;
  }
}

function stored(
  items: GateItemsByKey,
  held: readonly Held[],
  request: DatedRequest,
  sendAtMs: readonly number[],
  nowMs: number,
): DatedVerdict {
  const next = new Map<string, GateItem>();
  for (const key of new Set(held.map(({ scope }) => scope.item))) {
    const own = held.filter(({ scope }) => scope.item === key);
    const item = items.get(key) ?? emptyGateItem;
    const taken = sendAtMs.length * Math.max(...own.map((each) => each.weight));
    const fitted = fitItem({
      ...item,
      buckets: { ...liveBuckets(item, nowMs), ...Object.fromEntries(own.map((each) => closed(each, nowMs))) },
      users: noteUse(item.users, request.connectionId, { units: taken, atOnce: atOnceOf(request, taken) }, nowMs),
      highAtMs: request.lane === "webhooks" ? Math.max(item.highAtMs, Math.ceil(nowMs)) : item.highAtMs,
    });
    // More buckets in use than an item can name: one of them has to come to rest first.
    if (fitted === null) {
      const restsAtMs = roomAtMs(liveBuckets(item, nowMs));
      return { kind: "refused", sureAtMs: restsAtMs, hopedAtMs: restsAtMs };
    }
    next.set(key, fitted);
  }
  return { kind: "granted", items: next, sendAtMs };
}

function closed({ key, open: bucket, blockedUntilMs }: Held, nowMs: number): [string, Bucket] {
  return [key, { ...bucket.close(nowMs), blockedUntilMs: blockedUntilMs > nowMs ? blockedUntilMs : 0 }];
}

/** What is at rest is forgotten, by the rules of whoever put it there. */
export function liveBuckets(item: GateItem, nowMs: number): Readonly<Record<string, Bucket>> {
  return Object.fromEntries(Object.entries(item.buckets).filter(([, bucket]) => restsAt(bucket) > nowMs));
}

function restsAt(bucket: Bucket): number {
  return Math.max(bucket.untilMs, bucket.blockedUntilMs);
}

/** One more bucket fits when a few have come to rest: they are not all of one length. */
function roomAtMs(live: Readonly<Record<string, Bucket>>): number {
  const rests = Object.values(live)
    .map(restsAt)
    .toSorted((a, b) => a - b);
  return Math.ceil(rests[2] ?? rests.at(-1) ?? 0);
}

/** A driver that states a limit twice does not pay twice. */
export function uniqueScopes(scopes: readonly BucketScope[]): readonly BucketScope[] {
  return [...new Map(scopes.map((scope) => [JSON.stringify([scope.item, scope.bucket]), scope])).values()];
}
