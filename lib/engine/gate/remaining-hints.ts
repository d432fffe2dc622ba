import type { BucketScope, RemainingHint } from "../ports.ts";
import { rateOf } from "./limit-rate.ts";

/** What the partner says is left of this scope's limit; null where it speaks of none, or it cannot be told of which. */
export function remainingFor(
  scope: BucketScope,
  scopes: readonly BucketScope[],
  hints: readonly RemainingHint[],
): RemainingHint | null {
  const found = hints.filter((hint) => scopesMeant(scopes, hint).some((meant) => meant === scope));
  return found.reduce<RemainingHint | null>(
    (least, hint) => (least === null || hint.remaining < least.remaining ? hint : least),
    null,
  );
}

function scopesMeant(scopes: readonly BucketScope[], hint: RemainingHint): readonly BucketScope[] {
  const counted = scopes.filter(({ rule }) => rule.kind !== "concurrency" && rule.kind !== "learnt");
  const ofLength = hint.perMs === null ? counted : counted.filter(({ rule }) => rateOf(rule)?.perMs === hint.perMs);
  const ofSize = ofLength.filter(({ rule }) => sizeOf(rule) === hint.limit);
  // A plan may have another limit than the one that is declared: then the window's length has to tell.
  const meant = ofSize.length > 0 ? ofSize : ofLength;
  return meant.length === 1 ? meant : [];
}

function sizeOf(rule: BucketScope["rule"]): number | null {
  return rule.kind === "tokenBucket" ? rule.capacity : (rateOf(rule)?.requests ?? null);
}
