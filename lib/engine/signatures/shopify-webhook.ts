import { bodyHmacScheme } from "./body-hmac.ts";
import { verifyMac } from "./mac-scheme.ts";
import type { MacScheme } from "./mac-scheme.ts";
import type { Verifier } from "./verifier.ts";

/**
 * A webhook of Shopify: HMAC-SHA256 over the raw body, in base64, keyed with the app's client secret. The newer kind of
 * events names its header without the `x-`. Topic and shop are in headers that nobody signed.
 * https://shopify.dev/docs/apps/build/webhooks/subscribe/https
 */
export const shopifyWebhookSignature: Verifier = (request) => verifyMac(shopifyWebhookScheme, request);

const older = /* @__PURE__ */ bodyHmacScheme({
  header: "x-shopify-hmac-sha256",
  algorithm: "sha256",
  encoding: "base64",
});
const newer = /* @__PURE__ */ bodyHmacScheme({
  header: "shopify-hmac-sha256",
  algorithm: "sha256",
  encoding: "base64",
});

export const shopifyWebhookScheme: MacScheme = {
  algorithm: "sha256",
  encoding: "base64",
  toleranceMs: null,
  read: (request) => ("x-shopify-hmac-sha256" in request.headers ? older : newer).read(request),
};
