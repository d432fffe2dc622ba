import { createHash } from "node:crypto";
import type { BucketScope, GateState } from "../ports.ts";
import { rateOf } from "./limit-rate.ts";

/**
 * One account's limits as they stand: for each bucket, the earliest time at which its next call may be sent. A bucket
 * that is absent is free, so the item holds only what was used of late.
 */
export interface GateItem {
  readonly freeAtMs: Readonly<Record<string, number>>;
}

export const emptyGateItem: GateItem = { freeAtMs: {} };

/** A token is abandoned by its caller when it is later than this. */
export const lateMsMax = 100;
/** How far two of our clocks, and two ways to the partner, may differ: ±80 ms. */
export const skewMs = 160;
/** Send times are whole milliseconds, rounded up. */
const roundingMs = 1;
/** Between a token's date and its call's arrival at the partner, beyond what all calls have in common. */
const uncertaintyMs = lateMsMax + skewMs + roundingMs;
/** Keeps the item under 1 KB, one write unit. */
const bucketsMax = 24;

export interface SpacedRequest {
  readonly scopes: readonly BucketScope[];
  readonly weight: number;
  readonly want: number;
  readonly deadlineMs: number;
}

export type SpacedVerdict =
  | { readonly kind: "granted"; readonly item: GateItem; readonly sendAtMs: readonly number[] }
  | { readonly kind: "refused"; readonly retryAtMs: number };

/**
 * Dates up to `want` tokens, evenly spaced in every scope at once. Whatever a caller's lateness and clock within the
 * stated bounds, no window of a scope sees more than its limit: the calls that arrive within a window W were dated
 * within W + uncertainty, and spacing them (W + uncertainty) / requests apart leaves room for no more than `requests`.
 */
export function reserveSpaced(item: GateItem, request: SpacedRequest, nowMs: number): SpacedVerdict {
  const { scopes, weight, want, deadlineMs } = request;
  const live = liveBuckets(item, nowMs);
  const freeAtMs = new Map(scopes.map((scope) => [bucketKey(scope), live[bucketKey(scope)] ?? nowMs]));
  const earliestMs = (): number =>
    Math.max(nowMs, ...scopes.map((scope) => (freeAtMs.get(bucketKey(scope)) ?? nowMs) + marginMs(scope, weight)));
  const sendAtMs: number[] = [];
  while (sendAtMs.length < want && Math.ceil(earliestMs()) <= deadlineMs) {
    const dateMs = earliestMs();
    sendAtMs.push(Math.ceil(dateMs));
    for (const scope of scopes) freeAtMs.set(bucketKey(scope), dateMs + weight * spacingMs(scope));
  }
  if (sendAtMs.length === 0) return { kind: "refused", retryAtMs: Math.ceil(earliestMs()) };
  const merged = { ...live, ...Object.fromEntries(freeAtMs) };
  if (Object.keys(merged).length <= bucketsMax)
    return { kind: "granted", item: { freeAtMs: rounded(merged) }, sendAtMs };
  return { kind: "refused", retryAtMs: Math.max(nowMs, Math.ceil(Math.min(...Object.values(live)))) + skewMs };
}

/** The partner asked for silence until then: pushes the scopes' buckets back; null when they are that far already. */
export function tightenSpaced(
  item: GateItem,
  scopes: readonly BucketScope[],
  notBeforeMs: number,
  nowMs: number,
): GateItem | null {
  const live = liveBuckets(item, nowMs);
  const behind = scopes.map(bucketKey).filter((key) => (live[key] ?? nowMs) < notBeforeMs);
  const tightened = { ...live, ...Object.fromEntries(behind.map((key) => [key, notBeforeMs])) };
  if (behind.length === 0 || Object.keys(tightened).length > bucketsMax) return null;
  return { freeAtMs: rounded(tightened) };
}

/** How the limits stand, for people to look at. */
export function standOf(item: GateItem, nowMs: number): GateState {
  const later = Object.values(item.freeAtMs).filter((atMs) => atMs > nowMs);
  return { heldUntilMs: later.length === 0 ? null : Math.ceil(Math.max(...later)), limitsInUse: later.length };
}

/** How far apart two calls of weight 1 are sent. */
export function spacingMs(scope: BucketScope): number {
  const rate = rateOf(scope.rule);
  if (rate === null) return 0;
  const shared = rate.perMs / (rate.requests * scope.share);
  const strict = (rate.perMs + uncertaintyMs) / rate.requests;
  return Math.max(shared, strict);
}

/** A heavy call keeps its distance on both sides, or a window that begins or ends with it would hold too much. */
function marginMs(scope: BucketScope, weight: number): number {
  return (weight - 1) * spacingMs(scope);
}

/** Short, because endpoints' names are long and the item is not. */
function bucketKey(scope: BucketScope): string {
  return createHash("sha256").update(scope.bucket).digest("base64url").slice(0, 8);
}

/** What is free for everybody is forgotten: a worker whose clock is behind must still see what one ahead calls past. */
function liveBuckets(item: GateItem, nowMs: number): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(item.freeAtMs).filter(([, atMs]) => atMs > nowMs - skewMs));
}

/** Up to the hundredth of a millisecond, so that the item's size has a bound. */
function rounded(freeAtMs: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(freeAtMs).map(([key, atMs]) => [key, Math.ceil(atMs * 100) / 100]));
}
