import { readHeaders } from "./header.ts";
import { sameText, sha256Hex } from "./hmac.ts";
import { verifyMac } from "./mac-scheme.ts";
import type { MacScheme } from "./mac-scheme.ts";
import { onlyValue, queryFields } from "./query.ts";
import { twilioUrls } from "./twilio-urls.ts";
import { rejected } from "./verifier.ts";
import type { Verifier } from "./verifier.ts";

/**
 * Twilio with any other body: HMAC-SHA1 over the URL alone, whose query has the body's SHA-256 in hex as `bodySHA256`. Both are
 * checked: the one without the other proves nothing. https://www.twilio.com/docs/usage/webhooks/webhooks-security
 */
export const twilioBodySha256Signature: Verifier = (request) => verifyMac(twilioBodySha256Scheme, request);

export const twilioBodySha256Scheme: MacScheme = {
  algorithm: "sha1",
  encoding: "base64",
  toleranceMs: null,
  read(request) {
    const headers = readHeaders(request, ["x-twilio-signature"]);
    if (!headers.ok) return headers;
    const fields = queryFields(request.url);
    const digest = fields === null ? null : onlyValue(fields, "bodySHA256");
    if (digest === null) return rejected("malformed-header");
    if (!sameText(sha256Hex(request.rawBody), digest.toLowerCase())) return rejected("mismatch");
    return { ok: true, given: headers.values, texts: twilioUrls(request.url).map((url) => [url]), atMs: null };
  },
};
