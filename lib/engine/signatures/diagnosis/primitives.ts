import { hmacText, sameText } from "../hmac.ts";
import { es256Holds, readJwk } from "../jwk.ts";
import { readJws } from "../jws.ts";
import { rejected } from "../verifier.ts";
import type { KeyedVerifier, Verifier } from "../verifier.ts";
import type { Subject } from "./subject.ts";

/** A published HMAC of a body, which no vendor sends like that: what the schemes are made of. */
export function hmacPrimitive({ parameters }: Subject): Verifier {
  return ({ secrets, rawBody }) => {
    const [secret] = secrets;
    if (secret === undefined) return rejected("no-secret");
    const digest = hmacText({ algorithm: "sha256", encoding: "hex" }, secret, [rawBody]);
    return sameText(digest, parameters["expected"] ?? "") ? { ok: true } : rejected("mismatch");
  };
}

/** A published token in `x-jws`, of which only the signature is looked at. */
export const jwsPrimitive: KeyedVerifier = ({ headers, keys }) => {
  const token = headers["x-jws"];
  if (token === undefined) return rejected("missing-header");
  const jws = readJws(token);
  if (jws === null) return rejected("malformed-header");
  if (jws.algorithm !== "ES256") return rejected("wrong-algorithm");
  const key = keys("");
  if (key === null) return { ok: false, reason: "unknown-key", wanted: "" };
  return es256Holds(jws, readJwk(key)) ? { ok: true } : rejected("mismatch");
};
