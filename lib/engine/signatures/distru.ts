import { bodyHmacScheme } from "./body-hmac.ts";
import { verifyMac } from "./mac-scheme.ts";
import type { MacScheme } from "./mac-scheme.ts";
import type { Verifier } from "./verifier.ts";

/**
 * Distru: HMAC-SHA256 over the raw body, in hex after `sha256=`, keyed with the endpoint's secret. https://apidocs.distru.dev
 */
export const distruSignature: Verifier = (request) => verifyMac(distruScheme, request);

export const distruScheme: MacScheme = /* @__PURE__ */ bodyHmacScheme({
  header: "x-distru-signature",
  prefix: "sha256=",
  algorithm: "sha256",
  encoding: "hex",
});
