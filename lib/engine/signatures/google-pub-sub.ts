import * as z from "zod";
import { readHeaders } from "./header.ts";
import { anySameSecret } from "./hmac.ts";
import { readJwk, rs256Holds } from "./jwk.ts";
import { jwsCharsMax, readJws } from "./jws.ts";
import { rejected } from "./verifier.ts";
import type { KeyedVerifier } from "./verifier.ts";

/** What clocks may differ by: the token's own times are the window. */
const skewMs = 60_000;
const issuers: readonly string[] = ["https://accounts.google.com", "accounts.google.com"];
const Claims = z.looseObject({
  iss: z.string(),
  aud: z.string(),
  email: z.string(),
  email_verified: z.literal(true),
  iat: z.number(),
  exp: z.number(),
});

/**
 * A push of Google Pub/Sub: `Authorization: Bearer <token>`, signed with RS256 by one of Google's keys. Google signs for
 * everybody, so whom the token is for is what counts: a "secret" is `<service account's e-mail> <audience>`, as both were given
 * to the subscription. The body is not signed. https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 */
export const googlePubSubToken: KeyedVerifier = (request) => {
  const audiences = request.secrets.filter((secret) => /^[^\s@]+@[^\s@]+ \S+$/.test(secret));
  if (audiences.length === 0) return rejected("no-secret");
  const headers = readHeaders(request, ["authorization"], jwsCharsMax);
  if (!headers.ok) return headers;
  const jws = readJws(/^bearer +(\S+)$/i.exec(headers.values[0])?.[1] ?? "");
  if (jws === null) return rejected("malformed-header");
  if (jws.algorithm !== "RS256") return rejected("wrong-algorithm");
  if (jws.keyId === null || !/^[A-Za-z0-9_-]{1,64}$/.test(jws.keyId)) return rejected("malformed-header");
  const key = request.keys(jws.keyId);
  if (key === null) return { ok: false, reason: "unknown-key", wanted: jws.keyId };
  if (!rs256Holds(jws, readJwk(key))) return rejected("mismatch");
  const claims = Claims.safeParse(jws.claims);
  if (!claims.success || !issuers.includes(claims.data.iss)) return rejected("wrong-claims");
  const { email, aud, iat, exp } = claims.data;
  if (!anySameSecret(audiences, `${email} ${aud}`)) return rejected("wrong-claims");
  const isCurrent = iat * 1000 - skewMs <= request.nowMs && request.nowMs < exp * 1000 + skewMs;
  return isCurrent ? { ok: true } : rejected("stale");
};
