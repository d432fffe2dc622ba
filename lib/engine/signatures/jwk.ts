import { createPublicKey, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import * as z from "zod";
import { parseJson } from "../parse-json.ts";
import type { Jws } from "./jws.ts";

const P256 = z.object({ kty: z.literal("EC"), crv: z.literal("P-256"), x: z.string(), y: z.string() });
const Rsa = z.object({ kty: z.literal("RSA"), n: z.string().min(340), e: z.string() });

/** A published key as the partner sent it: only what is read of it is checked. */
export function readJwk(text: string): unknown {
  const parsed = parseJson(new TextEncoder().encode(text));
  return parsed.kind === "json" ? parsed.body : null;
}

/** Whether ES256 holds: a P-256 key, and a signature of 64 raw bytes (RFC 7518, section 3.4), not DER. */
export function es256Holds(jws: Jws, jwk: unknown): boolean {
  const key = keyOf(P256, jwk);
  const signed = Buffer.from(jws.signingInput);
  return key !== null && verify("sha256", signed, { key, dsaEncoding: "ieee-p1363" }, jws.signature);
}

/** Whether RS256 holds, under an RSA key of at least 2,048 bits. */
export function rs256Holds(jws: Jws, jwk: unknown): boolean {
  const key = keyOf(Rsa, jwk);
  return key !== null && verify("sha256", Buffer.from(jws.signingInput), key, jws.signature);
}

/** Only the members that the kind of key has, so that nothing private or odd is read; null when there is no such key in it. */
function keyOf(shape: typeof P256 | typeof Rsa, jwk: unknown): KeyObject | null {
  const parsed = shape.safeParse(jwk);
  if (!parsed.success) return null;
  try {
    return createPublicKey({ format: "jwk", key: parsed.data });
  } catch {
    // A point off the curve, or numbers that make no key.
    return null;
  }
}
