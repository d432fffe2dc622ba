import { bodyHmacScheme } from "./body-hmac.ts";
import { verifyMac } from "./mac-scheme.ts";
import type { MacScheme } from "./mac-scheme.ts";
import type { Verifier } from "./verifier.ts";

/**
 * Xero: HMAC-SHA256 over the raw body, in base64, keyed with the webhook key as text. Probes with wrong signatures come on
 * purpose, and want 401. https://developer.xero.com/documentation/guides/webhooks/configuring-your-server
 */
export const xeroSignature: Verifier = (request) => verifyMac(xeroScheme, request);

export const xeroScheme: MacScheme = /* @__PURE__ */ bodyHmacScheme({
  header: "x-xero-signature",

  algorithm: "sha256",
  encoding: "base64",
});
