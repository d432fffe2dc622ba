import { wholeBase64 } from "./base64.ts";
import { readHeaders } from "./header.ts";
import { anySameSecret } from "./hmac.ts";
import { rejected } from "./verifier.ts";
import type { Verifier } from "./verifier.ts";

/**
 * HTTP Basic (RFC 7617): `Authorization: Basic <base64 of user:password>`, a secret being `user:password`. The body is not
 * signed: fetch back what it speaks of.
 */
export const basicAuthorization: Verifier = (request) => {
  const pairs = request.secrets.filter((secret) => /^[^:]+:.+$/s.test(secret));
  if (pairs.length === 0) return rejected("no-secret");
  const headers = readHeaders(request, ["authorization"]);
  if (!headers.ok) return headers;
  const given = /^basic +([A-Za-z0-9+/]+=*)$/i.exec(headers.values[0])?.[1];
  const bytes = given === undefined ? null : wholeBase64(given);
  if (bytes === null) return rejected("malformed-header");
  return anySameSecret(pairs, bytes.toString("utf8")) ? { ok: true } : rejected("mismatch");
};
