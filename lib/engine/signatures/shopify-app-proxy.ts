import { verifyMac } from "./mac-scheme.ts";
import type { MacScheme } from "./mac-scheme.ts";
import { byText } from "./query.ts";
import { readSignedQuery, shopifyToleranceMs } from "./shopify-query.ts";
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
    const query = readSignedQuery(url, "signature");
    if (!query.ok) return query;
    const { given, atMs, fields } = query;
    const values = Map.groupBy(fields, ([name]) => name);
    values.delete("signature");
    const text = [...values]
      .map(([name, same]) => `${name}=${same.map(([, value]) => value).join(",")}`)
      .toSorted(byText)
      .join("");
    return { ok: true, given: [given], texts: [[text]], atMs };
  },
};
