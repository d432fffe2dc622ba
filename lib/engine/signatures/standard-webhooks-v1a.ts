import { createPublicKey, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { keyBase64, wholeBase64 } from "./base64.ts";
import { readStandard, standardToleranceMs } from "./standard-webhooks.ts";
import type { StandardPrefix } from "./standard-webhooks.ts";
import { rejected } from "./verifier.ts";
import type { Verifier } from "./verifier.ts";

/** As many signatures as one header is looked at for: each costs a curve operation, and strangers write the header. */
const signaturesMax = 8;

/**
 * Standard Webhooks, version 1a: Ed25519 over the same text as version 1, as `v1a,<base64>` items; the "secrets" are the
 * sender's public keys, `whpk_…`. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function standardWebhooksAsymmetric(prefix: StandardPrefix): Verifier {
  return (request) => {
    const keys = request.secrets.map(keyOf).filter((key) => key !== null);
    if (keys.length === 0) return rejected("no-secret");
    const reading = readStandard(request, prefix, "v1a");
    if (!reading.ok) return reading;
    const signatures = reading.given
      .slice(0, signaturesMax)
      .map((text) => wholeBase64(text))
      .filter((signature) => signature?.byteLength === 64);
    const signed = Buffer.concat((reading.texts[0] ?? []).map((part) => Buffer.from(part)));
    const holds = keys.some((key) =>
      signatures.some((signature) => signature !== null && verify(null, signed, key, signature)),
    );
    if (!holds) return rejected("mismatch");
    const isFresh = reading.atMs !== null && Math.abs(request.nowMs - reading.atMs) <= standardToleranceMs;
    return isFresh ? { ok: true } : rejected("stale");
  };
}

function keyOf(secret: string): KeyObject | null {
  const bytes = keyBase64(secret.startsWith("whpk_") ? secret.slice("whpk_".length) : secret);
  if (bytes?.byteLength !== 32) return null;
  return createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x: bytes.toString("base64url") } });
}
