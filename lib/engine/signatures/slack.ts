import { digitsMs, readHeaders } from "./header.ts";
import { verifyMac } from "./mac-scheme.ts";
import type { MacScheme } from "./mac-scheme.ts";
import { rejected } from "./verifier.ts";
import type { Verifier } from "./verifier.ts";

const prefix = "v0=";

/**
 * Slack: HMAC-SHA256 over `v0:<timestamp>:<raw body>`, in hex after `v0=`; five minutes, past and future. Slash commands and
 * buttons are forms, and signed as they are. https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export const slackSignature: Verifier = (request) => verifyMac(slackScheme, request);

export const slackScheme: MacScheme = {
  algorithm: "sha256",
  encoding: "hex",
  toleranceMs: 300_000,
  read(request) {
    const headers = readHeaders(request, ["x-slack-signature", "x-slack-request-timestamp"]);
    if (!headers.ok) return headers;
    const [signature, timestamp] = headers.values;
    const atMs = digitsMs(timestamp, "seconds");
    if (atMs === null || !signature.startsWith(prefix)) return rejected("malformed-header");
    const text = [`v0:${timestamp}:`, request.rawBody];
    return { ok: true, given: [signature.slice(prefix.length)], texts: [text], atMs };
  },
};
