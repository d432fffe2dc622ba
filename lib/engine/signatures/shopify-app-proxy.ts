import { digitsMs } from "./header.ts";
import { verifyMac } from "./mac-scheme.ts";
import type { MacScheme } from "./mac-scheme.ts";
import { byText, onlyValue, queryFields } from "./query.ts";
import { shopifyToleranceMs } from "./shopify-oauth.ts";
import { rejected } from "./verifier.ts";
import type { Verifier } from "./verifier.ts";

/**
 * A request through Shopify's app proxy: hex HMAC-SHA256 over the decoded query without `signature`, as `name=value` sorted
 * and with nothing between them, the values of a repeated name joined by commas. The body is not signed.
 * https://shopify.dev/docs/apps/build/online-store/app-proxies/authenticate-app-proxies
 */
export const shopifyAppProxySignature: Verifier = (request) => verifyMac(shopifyAppProxyScheme, request);

export const shopifyAppProxyScheme: MacScheme = {
  algorithm: "sha256",
  encoding: "hex",
  toleranceMs: shopifyToleranceMs,
  read({ url }) {
    const fields = queryFields(url);
    if (fields === null) return rejected("malformed-header");
    if (!fields.some(([name]) => name === "signature")) return rejected("missing-header");
    const [given, timestamp] = [onlyValue(fields, "signature"), onlyValue(fields, "timestamp")];
    const atMs = digitsMs(timestamp ?? "", "seconds");
    if (given === null || atMs === null) return rejected("malformed-header");
    const values = Map.groupBy(fields, ([name]) => name);
    values.delete("signature");
    const text = [...values]
      .map(([name, same]) => `${name}=${same.map(([, value]) => value).join(",")}`)
      .toSorted(byText)
      .join("");
    return { ok: true, given: [given], texts: [[text]], atMs };
  },
};
