import type { LimitRule } from "../../../../lib/engine/define-partner.ts";
import type { BucketScope } from "../../../../lib/engine/ports.ts";

/** A scope that uses all of its limit, unless the test says otherwise. */
export function scopeOf(bucket: string, rule: LimitRule, settings: Partial<BucketScope> = {}): BucketScope {
  return { item: "acme#one", bucket, rule, share: 1, uncertaintyMs: 260, highShare: 0.2, ...settings };
}

export function slidingScope(requests: number, perMs: number, settings: Partial<BucketScope> = {}): BucketScope {
  return scopeOf(`account ${requests}/${perMs}`, { kind: "slidingWindow", requests, perMs }, settings);
}
