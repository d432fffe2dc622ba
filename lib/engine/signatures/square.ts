import { readHeaders } from "./header.ts";
import { verifyMac } from "./mac-scheme.ts";
import type { MacScheme } from "./mac-scheme.ts";
import type { Verifier } from "./verifier.ts";

/**
 * Square: HMAC-SHA256 over `<notification URL><raw body>`, in base64. The URL is the one that was registered, byte for byte: a
 * slash at its end counts. https://developer.squareup.com/docs/webhooks/step3validate
 */
export const squareSignature: Verifier = (request) => verifyMac(squareScheme, request);

export const squareScheme: MacScheme = {
  algorithm: "sha256",
  encoding: "base64",
  toleranceMs: null,
  read(request) {
    const headers = readHeaders(request, ["x-square-hmacsha256-signature"]);
    if (!headers.ok) return headers;
    return { ok: true, given: headers.values, texts: [[request.url, request.rawBody]], atMs: null };
  },
};
