import { digitsMs, readHeaders } from "./header.ts";
import { verifyMac } from "./mac-scheme.ts";
import type { MacScheme } from "./mac-scheme.ts";
import { rejected } from "./verifier.ts";
import type { Verifier } from "./verifier.ts";

/**
 * `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>…]`: HMAC-SHA256 over `<t>.<raw body>`, keyed with the whole `whsec_…`
 * string. Several `v1` come while a secret is rolled; `v0` and unknown schemes prove nothing. Times more than five minutes
 * off, past or future, are refused. https://docs.stripe.com/webhooks#verify-manually
 */
export const stripeSignature: Verifier = (request) => verifyMac(stripeScheme, request);

export const stripeScheme: MacScheme = {
  algorithm: "sha256",
  encoding: "hex",
  toleranceMs: 300_000,
  read(request) {
    const headers = readHeaders(request, ["stripe-signature"]);
    if (!headers.ok) return headers;
    const parsed = parseHeader(headers.values[0]);
    if (parsed === null) return rejected("malformed-header");
    const { timestamp, signatures, atMs } = parsed;
    return { ok: true, given: signatures, texts: [[`${timestamp}.`, request.rawBody]], atMs };
  },
};

interface StripeHeader {
  /** As it came: it is part of what was signed. */
  readonly timestamp: string;
  readonly atMs: number;
  readonly signatures: readonly string[];
}

function parseHeader(header: string): StripeHeader | null {
  const timestamps: string[] = [];
  const signatures: string[] = [];
  for (const item of header.split(",")) {
    const [, name, value = ""] = /^([^=]*)=?(.*)$/s.exec(item) ?? [];
    if (name === "t") timestamps.push(value);
    if (name === "v1") signatures.push(value);
  }
  const timestamp = timestamps[0] ?? "";
  const atMs = digitsMs(timestamp, "seconds");
  // Two times would leave open which one was signed.
  if (timestamps.length !== 1 || atMs === null || signatures.length === 0) return null;
  return { timestamp, atMs, signatures };
}
