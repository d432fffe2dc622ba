import * as z from "zod";
import { readHeaders } from "./header.ts";
import { sameText, sha256Hex } from "./hmac.ts";
import { es256Holds, readJwk } from "./jwk.ts";
import { jwsCharsMax, readJws } from "./jws.ts";
import { rejected } from "./verifier.ts";
import type { KeyedVerifier } from "./verifier.ts";

const toleranceMs = 300_000;
const Claims = z.looseObject({ iat: z.number(), request_body_sha256: z.string() });
const Key = z.looseObject({ kid: z.string().optional(), expired_at: z.number().nullish() });

/**
 * Plaid: a token in `Plaid-Verification`, signed with ES256 by the key that its `kid` names, over the body's SHA-256 in hex.
 * The algorithm is judged before any key is thought of, and a `kid` that could be none of Plaid's costs no look-up. The keys
 * are Plaid's public ones, so no secret is read here; without a key nothing is let in.
 * https://plaid.com/docs/api/webhooks/webhook-verification/
 */
export const plaidSignature: KeyedVerifier = (request) => {
  const headers = readHeaders(request, ["plaid-verification"], jwsCharsMax);
  if (!headers.ok) return headers;
  const jws = readJws(headers.values[0]);
  if (jws === null) return rejected("malformed-header");
  if (jws.algorithm !== "ES256") return rejected("wrong-algorithm");
  if (jws.keyId === null || !/^[A-Za-z0-9-]{1,64}$/.test(jws.keyId)) return rejected("malformed-header");
  const text = request.keys(jws.keyId);
  if (text === null) return { ok: false, reason: "unknown-key", wanted: jws.keyId };
  const jwk = readJwk(text);
  const key = Key.safeParse(jwk);
  const isCurrent = key.success && (key.data.kid ?? jws.keyId) === jws.keyId && !isExpired(key.data, request.nowMs);
  if (!isCurrent) return rejected("untrusted-key");
  if (!es256Holds(jws, jwk)) return rejected("mismatch");
  const claims = Claims.safeParse(jws.claims);
  if (!claims.success) return rejected("wrong-claims");
  if (!sameText(sha256Hex(request.rawBody), claims.data.request_body_sha256)) return rejected("mismatch");
  return Math.abs(request.nowMs - claims.data.iat * 1000) <= toleranceMs ? { ok: true } : rejected("stale");
};

/** Plaid keeps a rotated key for what was signed before, and says in seconds when it ended. */
function isExpired({ expired_at: expiredAt }: z.infer<typeof Key>, nowMs: number): boolean {
  return typeof expiredAt === "number" && expiredAt * 1000 <= nowMs;
}
