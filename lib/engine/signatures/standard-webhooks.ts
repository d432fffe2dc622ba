import { anySameText, hmacText } from "./hmac.ts";
import type { HmacScheme } from "./hmac.ts";
import type { Verifier } from "./verifier.ts";

const scheme: HmacScheme = { algorithm: "sha256", encoding: "base64" };
const toleranceMs = 300_000;
const headerCharsMax = 4096;
/** A shorter key than any issued would be one that somebody mistyped, or an empty one with which anybody could sign. */
const keyBytesMin = 16;

/**
 * Standard Webhooks, version 1: HMAC-SHA256 over `<id>.<timestamp>.<raw body>`, keyed with the base64 part of
 * `whsec_…`, as `v1,<base64>` items separated by spaces; other versions prove nothing. `prefix` names the headers:
 * `webhook`, or `svix` for Svix' own. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function standardWebhooks(prefix: "webhook" | "svix"): Verifier {
  return ({ headers, rawBody, secrets, nowMs }) => {
    const keys = secrets.map(keyOf).filter((key) => key !== null);
    if (keys.length === 0) return { ok: false, reason: "no-secret" };
    const [id, timestamp, signature] = [
      headers[`${prefix}-id`],
      headers[`${prefix}-timestamp`],
      headers[`${prefix}-signature`],
    ];
    if (!id || !timestamp || !signature) return { ok: false, reason: "missing-header" };
    const readable = /^\d{1,12}$/.test(timestamp) && signature.length <= headerCharsMax && id.length <= headerCharsMax;
    if (!readable) return { ok: false, reason: "malformed-header" };
    const given = signature
      .split(" ")
      .filter((item) => item.startsWith("v1,"))
      .map((item) => item.slice("v1,".length));
    const expected = keys.map((key) => hmacText(scheme, key, [`${id}.${timestamp}.`, rawBody]));
    if (!anySameText(expected, given)) return { ok: false, reason: "mismatch" };
    // Asked last, so that "stale" is only ever said of what was signed with our secret.
    return Math.abs(nowMs - Number(timestamp) * 1000) <= toleranceMs ? { ok: true } : { ok: false, reason: "stale" };
  };
}

function keyOf(secret: string): Buffer | null {
  const text = secret.startsWith("whsec_") ? secret.slice("whsec_".length) : secret;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return null;
  const key = Buffer.from(text, "base64");
  // Decoding passes over what it cannot read, so that a secret with a slip at its end would be taken for the right one.
  const isWhole = key.toString("base64").replace(/=+$/, "") === text.replace(/=+$/, "");
  return isWhole && key.byteLength >= keyBytesMin ? key : null;
}
