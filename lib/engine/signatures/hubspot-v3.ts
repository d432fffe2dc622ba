import { digitsMs, readHeaders } from "./header.ts";
import { verifyMac } from "./mac-scheme.ts";
import type { MacScheme } from "./mac-scheme.ts";
import { rejected } from "./verifier.ts";
import type { Verifier } from "./verifier.ts";

/**
 * HubSpot, version 3: HMAC-SHA256 over `<method><URI><raw body><timestamp>`, in base64; the time is in milliseconds. Of the
 * URI's escapes only those of HubSpot's table are decoded: not `%20`, `%25`, `%26`.
 * https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests
 */
export const hubspotV3Signature: Verifier = (request) => verifyMac(hubspotV3Scheme, request);

export const hubspotV3Scheme: MacScheme = {
  algorithm: "sha256",
  encoding: "base64",
  toleranceMs: 300_000,
  read(request) {
    const headers = readHeaders(request, ["x-hubspot-signature-v3", "x-hubspot-request-timestamp"]);
    if (!headers.ok) return headers;
    const [signature, timestamp] = headers.values;
    const atMs = digitsMs(timestamp, "milliseconds");
    if (atMs === null) return rejected("malformed-header");
    const text = [`${request.method}${decodedUri(request.url)}`, request.rawBody, timestamp];
    return { ok: true, given: [signature], texts: [text], atMs };
  },
};

function decodedUri(url: string): string {
  return url.replace(/%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi, (escape) => decodeURIComponent(escape));
}
