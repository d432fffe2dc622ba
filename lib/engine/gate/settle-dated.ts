import type { BucketScope, Gate } from "../ports.ts";
import { fitItem } from "./fit-item.ts";
import { bucketKeyOf, emptyGateItem } from "./gate-item.ts";
import type { Bucket, GateItem } from "./gate-item.ts";
import { openBucket } from "./open-bucket.ts";
import type { OpenBucket } from "./open-bucket.ts";
import type { GrantedTokens } from "./reservation-id.ts";
import { remainingFor } from "./remaining-hints.ts";
import { liveBuckets, uniqueScopes } from "./reserve-dated.ts";
import type { GateItemsByKey } from "./reserve-dated.ts";

export type Outcome = Parameters<Gate["settle"]>[1];

interface Settled {
  readonly scope: BucketScope;
  readonly key: string;
  readonly open: OpenBucket;
  readonly blockedUntilMs: number;
  readonly changed: boolean;
}

/** Fewer units than this share of a limit are not worth a write. */
const worthShareMin = 0.02;
/** How long a partner is left alone that refuses and does not say for how long: doubled with each refusal that follows. */
const restMs = 1_000;
const restMsMax = 60_000;
/** For each of these that pass without a refusal, the rest is halved. */
const calmMs = 60_000;

/**
 * What an outcome changes in the items; only those that change are answered, and most outcomes change nothing. All of it
 * tightens, but for two things that are certain: a token that will not be used, and a call under way that has been answered.
 */
export function settleDated(
  items: GateItemsByKey,
  tokens: GrantedTokens,
  outcome: Outcome,
  nowMs: number,
): GateItemsByKey {
  const next = new Map<string, GateItem>();
  const scopes = uniqueScopes(outcome.scopes);
  for (const itemKey of new Set(scopes.map((scope) => scope.item))) {
    const item = items.get(itemKey) ?? emptyGateItem;
    const own = scopes.filter((scope) => scope.item === itemKey);
    const strike = strikeOf(item, tokens, outcome, nowMs);
    const settled = own.map((scope) => settleOne(item, scope, tokens, outcome, strike?.untilMs ?? 0, nowMs));
    const changed = settled.filter((each) => each.changed);
    if (changed.length === 0) continue;
    const fitted = fitItem({
      ...item,
      buckets: { ...liveBuckets(item, nowMs), ...Object.fromEntries(changed.map((each) => closed(each, nowMs))) },
      strikes: strike?.strikes ?? item.strikes,
    });
    // An item that is full of other buckets keeps what it has: the partner's next answer says it again.
    if (fitted !== null) next.set(itemKey, fitted);
  }
  return next;
}

function settleOne(
  item: GateItem,
  scope: BucketScope,
  tokens: GrantedTokens,
  outcome: Outcome,
  restUntilMs: number,
  nowMs: number,
): Settled {
  const key = bucketKeyOf(scope);
  const bucket = item.buckets[key];
  const open = openBucket(scope, bucket?.use ?? null);
  const counted = [
    giveBackUnused(open, tokens, outcome, nowMs),
    scope.rule.kind === "concurrency" && endCalls(open, tokens, outcome),
    learnFrom(open, tokens, outcome, nowMs),
    countCost(open, tokens, outcome, nowMs),
    countOthers(open, scope, tokens, outcome, nowMs),
  ];
  const before = bucket?.blockedUntilMs ?? 0;
  const blockedUntilMs = Math.max(before, blockOf(scope, outcome, restUntilMs));
  const blocks = blockedUntilMs > before && blockedUntilMs > nowMs;
  return { scope, key, open, blockedUntilMs, changed: blocks || counted.includes(true) };
}

/** Nobody has sent what is dated ahead and was said to be unused; a date that has passed is abandoned. */
function giveBackUnused(open: OpenBucket, tokens: GrantedTokens, outcome: Outcome, nowMs: number): boolean {
  const { dates, weight, untold = false } = tokens;
  const unused = outcome.unused === 0 ? [] : dates.slice(-outcome.unused);
  const certain = unused.filter((dateMs) => untold || dateMs > nowMs);
  for (const dateMs of certain) open.giveBack(dateMs, Math.min(weight, open.weightMax));
  return certain.length > 0;
}

function endCalls(open: OpenBucket, { dates, weight }: GrantedTokens, outcome: Outcome): boolean {
  const ended = dates.slice(0, outcome.sent);
  for (const dateMs of ended) open.giveBack(dateMs, Math.min(weight, open.weightMax));
  return ended.length > 0;
}

function learnFrom(open: OpenBucket, { dates }: GrantedTokens, outcome: Outcome, nowMs: number): boolean {
  if (open.refused === undefined || !outcome.kinds.includes("rate")) return false;
  open.refused(dates[0] ?? nowMs, nowMs);
  return true;
}

function countCost(open: OpenBucket, { dates, weight }: GrantedTokens, outcome: Outcome, nowMs: number): boolean {
  const more = Math.ceil((outcome.hints.usedWeight ?? 0) - weight);
  if (more <= 0) return false;
  open.take(dates[0] ?? Math.ceil(nowMs), Math.min(more, open.weightMax));
  return true;
}

/** What the partner has left is less than we would have: others use the same quota. */
function countOthers(
  open: OpenBucket,
  scope: BucketScope,
  { dates }: GrantedTokens,
  outcome: Outcome,
  nowMs: number,
): boolean {
  const hint = remainingFor(scope, outcome.scopes, outcome.hints.remaining);
  const dateMs = dates[0] ?? Math.ceil(nowMs);
  if (hint === null || open.leftAt(dateMs) - hint.remaining < Math.max(1, open.count * worthShareMin)) return false;
  open.leaveOnly(hint.remaining, dateMs, hint.resetAtMs);
  return true;
}

/** The partner's own word, on the buckets that it named. One that nobody named is not the whole app's while there are narrower ones. */
function blockOf(scope: BucketScope, outcome: Outcome, restUntilMs: number): number {
  const untilMs = Math.ceil(outcome.hints.notBeforeMs ?? restUntilMs);
  const ofApp = outcome.scopes.some((each) => each.per !== "app") && scope.per === "app";
  switch (outcome.hints.reason) {
    case "endpoint":
      return outcome.scopes.some((each) => each.per === "endpoint") && scope.per !== "endpoint" ? 0 : untilMs;
    case "account":
      return scope.per === "endpoint" || ofApp ? 0 : untilMs;
    case "concurrency":
    case null:
      return ofApp ? 0 : untilMs;
  }
}

/** A refusal without a word of when to come back. Those of calls that were sent before the last rest began say nothing new. */
function strikeOf(
  item: GateItem,
  { dates }: GrantedTokens,
  outcome: Outcome,
  nowMs: number,
): { readonly strikes: GateItem["strikes"]; readonly untilMs: number } | null {
  if (!outcome.kinds.includes("rate") || outcome.hints.notBeforeMs !== null) return null;
  const { count, atMs } = item.strikes;
  const sentMs = dates[0] ?? nowMs;
  if (count > 0 && sentMs <= atMs) return null;
  const calmed = Math.max(0, count - Math.floor((nowMs - atMs) / calmMs));
  const rest = Math.min(restMsMax, restMs * 2 ** calmed);
  return {
    strikes: { count: Math.min(calmed + 1, 10), atMs: Math.ceil(nowMs) },
    untilMs: nowMs + rest,
  };
}

function closed({ key, open, blockedUntilMs }: Settled, nowMs: number): [string, Bucket] {
  return [key, { ...open.close(nowMs), blockedUntilMs: blockedUntilMs > nowMs ? blockedUntilMs : 0 }];
}
