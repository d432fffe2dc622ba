import { digitsMs } from "./header.ts";
import { verifyMac } from "./mac-scheme.ts";
import type { MacScheme } from "./mac-scheme.ts";
import { byText, onlyValue, queryFields } from "./query.ts";
import { rejected } from "./verifier.ts";
import type { Verifier } from "./verifier.ts";

/** What Shopify's own package allows, past and future. */
export const shopifyToleranceMs = 90_000;

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
    const fields = queryFields(url);
    if (fields === null) return rejected("malformed-header");
    if (!fields.some(([name]) => name === "hmac")) return rejected("missing-header");
    const [given, timestamp] = [onlyValue(fields, "hmac"), onlyValue(fields, "timestamp")];
    const atMs = digitsMs(timestamp ?? "", "seconds");
    if (given === null || atMs === null) return rejected("malformed-header");
    const signed = fields.filter(([name]) => name !== "hmac" && name !== "signature");
    const sorted = new URLSearchParams();
    for (const [name, value] of signed.toSorted((left, right) => byText(left[0], right[0]))) sorted.append(name, value);
    return { ok: true, given: [given], texts: [[sorted.toString().replaceAll("+", "%20")]], atMs };
  },
};
