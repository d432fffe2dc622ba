import { verifyMac } from "./mac-scheme.ts";
import type { MacScheme } from "./mac-scheme.ts";
import { byText } from "./query.ts";
import { readSignedQuery, shopifyToleranceMs } from "./shopify-query.ts";
import type { Verifier } from "./verifier.ts";

/**
 * Shopify's redirects to an app, such as the OAuth callback: hex HMAC-SHA256 over the query without `hmac` and `signature`,
 * sorted by name, a space as `%20`. https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/authorization-code-grant
 */
export const shopifyOauthSignature: Verifier = (request) => verifyMac(shopifyOauthScheme, request);

export const shopifyOauthScheme: MacScheme = {
  algorithm: "sha256",
  encoding: "hex",
  toleranceMs: shopifyToleranceMs,
  read({ url }) {
    const query = readSignedQuery(url, "hmac");
    if (!query.ok) return query;
    const { given, atMs, fields } = query;
    const signed = fields.filter(([name]) => name !== "hmac" && name !== "signature");
    const sorted = new URLSearchParams();
    for (const [name, value] of signed.toSorted((left, right) => byText(left[0], right[0]))) sorted.append(name, value);
    return { ok: true, given: [given], texts: [[sorted.toString().replaceAll("+", "%20")]], atMs };
  },
};
