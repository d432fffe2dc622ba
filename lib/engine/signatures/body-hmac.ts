import { readHeaders } from "./header.ts";
import type { HmacScheme } from "./hmac.ts";
import { verifyMac } from "./mac-scheme.ts";
import type { MacScheme } from "./mac-scheme.ts";
import { rejected } from "./verifier.ts";
import type { Verifier } from "./verifier.ts";

export interface BodyHmacOptions extends HmacScheme {
  /** Lower-case. */
  readonly header: string;
  /** What stands before the signature in the header, such as `sha256=`. */
  readonly prefix?: string;
}

/**
 * An HMAC over the raw body alone, keyed with the secret as text, in one header. There is no time in it: whoever captures a
 * delivery can send it again for ever, so what it touches is fetched back and never applied.
 *
 * @example
 * bodyHmac({ header: "ll-signature", algorithm: "sha256", encoding: "base64" });
 */
export function bodyHmac(options: BodyHmacOptions): Verifier {
  const scheme = bodyHmacScheme(options);
  return (request) => verifyMac(scheme, request);
}

/** The same as data. */
export function bodyHmacScheme({ header, prefix = "", algorithm, encoding }: BodyHmacOptions): MacScheme {
  return {
    algorithm,
    encoding,
    toleranceMs: null,
    read(request) {
      const headers = readHeaders(request, [header]);
      if (!headers.ok) return headers;
      const [value] = headers.values;
      if (!value.startsWith(prefix)) return rejected("malformed-header");
      return { ok: true, given: [value.slice(prefix.length)], texts: [[request.rawBody]], atMs: null };
    },
  };
}
