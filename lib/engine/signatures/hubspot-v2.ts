import { plainHashScheme } from "./hubspot-v1.ts";
import { verifyMac } from "./mac-scheme.ts";
import type { MacScheme } from "./mac-scheme.ts";
import type { Verifier } from "./verifier.ts";

/**
 * HubSpot, version 2: the plain SHA-256 of `<client secret><method><URI><raw body>`, in hex. Like version 1 it can be lengthened
 * by whoever captures a delivery. https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests
 */
export const hubspotV2Signature: Verifier = (request) => verifyMac(hubspotV2Scheme, request);

export const hubspotV2Scheme: MacScheme = /* @__PURE__ */ plainHashScheme("v2", ({ method, url, rawBody }) => [
  `${method}${url}`,
  rawBody,
]);
