import { createHmac, hash, timingSafeEqual } from "node:crypto";

export interface HmacScheme {
  readonly algorithm: "sha256" | "sha1" | "sha512";
  readonly encoding: "hex" | "base64";
}

/**
 * The encoded HMAC over parts one after another, so that a raw body is never joined, copied or decoded.
 *
 * @example
 * hmacText({ algorithm: "sha256", encoding: "hex" }, secret, [`${timestamp}.`, rawBody]);
 */
export function hmacText(
  scheme: HmacScheme,
  key: string | Uint8Array,
  parts: readonly (string | Uint8Array)[],
): string {
  const hmac = createHmac(scheme.algorithm, key);
  for (const part of parts) hmac.update(part);
  return hmac.digest(scheme.encoding);
}

/** Equality that takes as long for a nearly right text as for a wrong one. Another length is no match, and no exception. */
export function sameText(expected: string, given: string): boolean {
  const left = Buffer.from(expected, "utf8");
  const right = Buffer.from(given, "utf8");
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}

/** Whether any of the given texts is any of the expected ones; looks at every pair, so that time does not tell which. */
export function anySameText(expected: readonly string[], given: readonly string[]): boolean {
  let found = false;
  for (const one of expected) {
    for (const other of given) {
      if (sameText(one, other)) found = true;
    }
  }
  return found;
}

/** The same for secrets themselves, whose length is nobody's business either: digests of one length are compared. */
export function anySameSecret(expected: readonly string[], given: string): boolean {
  return anySameText(expected.map(sha256Hex), [sha256Hex(given)]);
}

/** SHA-256 of a text or of bytes, in hex. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash("sha256", data, "hex");
}
