import { anySameText, hmacText } from "./hmac.ts";
import type { HmacScheme } from "./hmac.ts";
import type { Verifier } from "./verifier.ts";

export interface BodyHmacOptions extends HmacScheme {
  /** Lower-case. */
  readonly header: string;
  /** What stands before the signature in the header, such as `sha256=`. */
  readonly prefix?: string;
}

const headerCharsMax = 4096;

/**
 * An HMAC over the raw body alone, keyed with the secret as text, in one header. There is no time in it: whoever captures a
 * delivery can send it again for ever, so what it touches is fetched back and never applied.
 *
 * @example
 * bodyHmac({ header: "ll-signature", algorithm: "sha256", encoding: "base64" });
 */
export function bodyHmac(options: BodyHmacOptions): Verifier {
  const prefix = options.prefix ?? "";
  return ({ headers, rawBody, secrets }) => {
    // An empty key would let anybody sign.
    const keys = secrets.filter((secret) => secret.length > 0);
    if (keys.length === 0) return { ok: false, reason: "no-secret" };
    const header = headers[options.header];
    if (header === undefined || header.length === 0) return { ok: false, reason: "missing-header" };
    if (header.length > headerCharsMax || !header.startsWith(prefix)) return { ok: false, reason: "malformed-header" };
    const expected = keys.map((key) => hmacText(options, key, [rawBody]));
    return anySameText(expected, [header.slice(prefix.length)]) ? { ok: true } : { ok: false, reason: "mismatch" };
  };
}
