import { readHeaders } from "./header.ts";
import { verifyMac } from "./mac-scheme.ts";
import type { MacScheme } from "./mac-scheme.ts";
import type { Verifier } from "./verifier.ts";

/**
 * Zendesk: HMAC-SHA256 over `<timestamp><raw body>` with nothing between them, in base64; the body may be empty. No tolerance
 * is prescribed for the timestamp. https://developer.zendesk.com/documentation/webhooks/verifying/
 */
export const zendeskSignature: Verifier = (request) => verifyMac(zendeskScheme, request);

export const zendeskScheme: MacScheme = {
  algorithm: "sha256",
  encoding: "base64",
  toleranceMs: null,
  read(request) {
    const headers = readHeaders(request, ["x-zendesk-webhook-signature", "x-zendesk-webhook-signature-timestamp"]);
    if (!headers.ok) return headers;
    const [signature, timestamp] = headers.values;
    return { ok: true, given: [signature], texts: [[timestamp, request.rawBody]], atMs: null };
  },
};
