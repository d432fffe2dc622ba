import { bodyHmacScheme } from "./body-hmac.ts";
import { verifyMac } from "./mac-scheme.ts";
import type { MacScheme } from "./mac-scheme.ts";
import type { Verifier } from "./verifier.ts";

/**
 * QuickBooks: HMAC-SHA256 over the raw body, in base64, keyed with the app's verifier token, which is not its client secret.
 * https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks
 */
export const quickbooksSignature: Verifier = (request) => verifyMac(quickbooksScheme, request);

export const quickbooksScheme: MacScheme = /* @__PURE__ */ bodyHmacScheme({
  header: "intuit-signature",

  algorithm: "sha256",
  encoding: "base64",
});
