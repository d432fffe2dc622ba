import { readHeaders } from "./header.ts";
import { verifyMac } from "./mac-scheme.ts";
import type { MacScheme, SignedText } from "./mac-scheme.ts";
import { rejected } from "./verifier.ts";
import type { SignedRequest, Verifier } from "./verifier.ts";

/**
 * HubSpot, version 1: the plain SHA-256 of `<client secret><raw body>`, in hex; what private apps' webhooks carry. Whoever
 * captures a delivery can lengthen its body by bytes that are no JSON, so nothing of it is believed unparsed: prefer version 3.
 * https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests
 */
export const hubspotV1Signature: Verifier = (request) => verifyMac(hubspotV1Scheme, request);

export const hubspotV1Scheme: MacScheme = /* @__PURE__ */ plainHashScheme("v1", ({ rawBody }) => [rawBody]);

/** Versions 1 and 2, whose header tells which it is; a missing one means 1. One version is never taken for the other. */
export function plainHashScheme(version: "v1" | "v2", textOf: (request: SignedRequest) => SignedText): MacScheme {
  return {
    algorithm: "sha256",
    encoding: "hex",
    construction: "hash",
    toleranceMs: null,
    read(request) {
      const headers = readHeaders(request, ["x-hubspot-signature"]);
      if (!headers.ok) return headers;
      if ((request.headers["x-hubspot-signature-version"] ?? "v1") !== version) return rejected("wrong-algorithm");
      return { ok: true, given: headers.values, texts: [textOf(request)], atMs: null };
    },
  };
}
