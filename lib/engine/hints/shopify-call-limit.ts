import type { ParsedAnswer } from "../define-partner.ts";
import type { SourceHints } from "./hint-source.ts";

/** Shopify's REST bucket, used of held: `X-Shopify-Shop-Api-Call-Limit: 32/40` (https://shopify.dev/docs/api/admin-rest/usage/rate-limits). */
export function shopifyCallLimitHints(answer: ParsedAnswer): SourceHints {
  const found = /^\s*(\d{1,9})\/(\d{1,9})\s*$/.exec(answer.headers["x-shopify-shop-api-call-limit"] ?? "");
  if (found === null) return {};
  const limit = Number(found[2]);
  return { remaining: [{ perMs: null, remaining: Math.max(0, limit - Number(found[1])), resetAtMs: null, limit }] };
}
