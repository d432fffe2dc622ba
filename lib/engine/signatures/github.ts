import { bodyHmacScheme } from "./body-hmac.ts";
import { verifyMac } from "./mac-scheme.ts";
import type { MacScheme } from "./mac-scheme.ts";
import type { Verifier } from "./verifier.ts";

/**
 * GitHub: HMAC-SHA256 over the raw body, in hex after `sha256=`. With content type form the body is `payload=…`, and that is what is signed.
 * The older SHA-1 header proves nothing. https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
 */
export const githubSignature: Verifier = (request) => verifyMac(githubScheme, request);

export const githubScheme: MacScheme = /* @__PURE__ */ bodyHmacScheme({
  header: "x-hub-signature-256",
  prefix: "sha256=",
  algorithm: "sha256",
  encoding: "hex",
});
