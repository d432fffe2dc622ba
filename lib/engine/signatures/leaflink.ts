import { bodyHmacScheme } from "./body-hmac.ts";
import { verifyMac } from "./mac-scheme.ts";
import type { MacScheme } from "./mac-scheme.ts";
import type { Verifier } from "./verifier.ts";

/**
 * LeafLink: HMAC-SHA256 over the raw body, in base64, keyed with the company's webhook key. https://developer.leaflink.com
 */
export const leaflinkSignature: Verifier = (request) => verifyMac(leaflinkScheme, request);

export const leaflinkScheme: MacScheme = /* @__PURE__ */ bodyHmacScheme({
  header: "ll-signature",

  algorithm: "sha256",
  encoding: "base64",
});
