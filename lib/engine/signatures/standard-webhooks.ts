import { keyBase64 } from "./base64.ts";
import { digitsMs, readHeaders } from "./header.ts";
import { verifyMac } from "./mac-scheme.ts";
import type { MacReading, MacScheme } from "./mac-scheme.ts";
import { rejected } from "./verifier.ts";
import type { Rejection, SignedRequest, Verifier } from "./verifier.ts";

export type StandardPrefix = "webhook" | "svix";

/** A shorter key than any issued would be one that somebody mistyped, or an empty one with which anybody could sign. */
const keyBytesMin = 16;
export const standardToleranceMs = 300_000;

/**
 * Standard Webhooks, version 1: HMAC-SHA256 over `<id>.<timestamp>.<raw body>`, keyed with the base64 part of
 * `whsec_…`, as `v1,<base64>` items separated by spaces; other versions prove nothing. `prefix` names the headers:
 * `webhook`, or `svix` for Svix' own. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function standardWebhooks(prefix: StandardPrefix): Verifier {
  const scheme = standardWebhooksScheme(prefix);
  return (request) => verifyMac(scheme, request);
}

/** The same as data. */
export function standardWebhooksScheme(prefix: StandardPrefix): MacScheme {
  return {
    algorithm: "sha256",
    encoding: "base64",
    toleranceMs: standardToleranceMs,
    keyOf,
    read: (request) => readStandard(request, prefix, "v1"),
  };
}

/** What the three headers say, with the signatures of one version. */
export function readStandard(
  request: SignedRequest,
  prefix: StandardPrefix,
  version: "v1" | "v1a",
): MacReading | Rejection {
  const headers = readHeaders(request, [`${prefix}-id`, `${prefix}-timestamp`, `${prefix}-signature`]);
  if (!headers.ok) return headers;
  const [id, timestamp, signature] = headers.values;
  const atMs = digitsMs(timestamp, "seconds");
  if (atMs === null) return rejected("malformed-header");
  const given = signature
    .split(" ")
    .filter((item) => item.startsWith(`${version},`))
    .map((item) => item.slice(`${version},`.length));
  return { ok: true, given, texts: [[`${id}.${timestamp}.`, request.rawBody]], atMs };
}

function keyOf(secret: string): Buffer | null {
  const key = keyBase64(secret.startsWith("whsec_") ? secret.slice("whsec_".length) : secret);
  return key !== null && key.byteLength >= keyBytesMin ? key : null;
}
