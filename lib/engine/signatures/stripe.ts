import { anySameText, hmacText } from "./hmac.ts";
import type { HmacScheme } from "./hmac.ts";
import type { Verifier } from "./verifier.ts";

const scheme: HmacScheme = { algorithm: "sha256", encoding: "hex" };
const toleranceMs = 300_000;
const headerCharsMax = 4096;

/**
 * `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>…]`: HMAC-SHA256 over `<t>.<raw body>`, keyed with the whole `whsec_…`
 * string. Several `v1` come while a secret is rolled; `v0` and unknown schemes prove nothing. Times more than five minutes
 * off, past or future, are refused. https://docs.stripe.com/webhooks#verify-manually
 */
export const stripeSignature: Verifier = ({ headers, rawBody, secrets, nowMs }) => {
  // An empty key would let anybody sign.
  const keys = secrets.filter((secret) => secret.length > 0);
  if (keys.length === 0) return { ok: false, reason: "no-secret" };
  const header = headers["stripe-signature"];
  if (header === undefined || header.length === 0) return { ok: false, reason: "missing-header" };
  const parsed = parseHeader(header);
  if (parsed === null) return { ok: false, reason: "malformed-header" };
  const expected = keys.map((key) => hmacText(scheme, key, [`${parsed.timestamp}.`, rawBody]));
  if (!anySameText(expected, parsed.signatures)) return { ok: false, reason: "mismatch" };
  const offMs = Math.abs(nowMs - Number(parsed.timestamp) * 1000);
  // Asked last, so that "stale" is only ever said of what was signed with our secret.
  return offMs <= toleranceMs ? { ok: true } : { ok: false, reason: "stale" };
};

interface StripeHeader {
  /** As it came: it is part of what was signed. */
  readonly timestamp: string;
  readonly signatures: readonly string[];
}

function parseHeader(header: string): StripeHeader | null {
  if (header.length > headerCharsMax) return null;
  const timestamps: string[] = [];
  const signatures: string[] = [];
  for (const item of header.split(",")) {
    const [name, value] = item.split("=", 2);
    if (name === "t") timestamps.push(value ?? "");
    if (name === "v1") signatures.push(value ?? "");
  }
  const timestamp = timestamps[0];
  // Two times would leave open which one was signed.
  if (timestamps.length !== 1 || timestamp === undefined || !/^\d{1,12}$/.test(timestamp)) return null;
  return signatures.length === 0 ? null : { timestamp, signatures };
}
