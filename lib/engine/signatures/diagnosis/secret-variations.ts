import { keyBase64 } from "../base64.ts";
import { secretVariation } from "./variation.ts";
import type { Variation } from "./variation.ts";

/** How secrets are mistaken: of which form they are, and what was copied with them. */
export const secretVariations: readonly Variation[] = [
  secretVariation(
    "secret-whitespace",
    "The secret has spaces or a newline around it: it was copied with them.",
    (secret) => (secret.trim() === secret ? null : secret.trim()),
  ),
  secretVariation("secret-quoted", "The secret has quotation marks around it: they are not part of it.", (secret) =>
    /^(["']).+\1$/s.test(secret.trim()) ? secret.trim().slice(1, -1) : null,
  ),
  secretVariation(
    "secret-base64",
    "The secret is base64 that has to be decoded into the key, and was used as text.",
    (secret) => keyBase64(secret.trim()),
  ),
  secretVariation("secret-base64", "The secret is used as text, base64 or not, and was decoded.", (secret) =>
    utf8(secret),
  ),
  secretVariation(
    "secret-prefix",
    "The key is what follows whsec_, decoded from base64: this is Standard Webhooks' way.",
    (secret) => (secret.startsWith("whsec_") ? keyBase64(secret.slice("whsec_".length)) : null),
  ),
  secretVariation(
    "secret-prefix",
    "The key is the text that follows whsec_, and the prefix was taken for a part of it.",
    (secret) => (secret.startsWith("whsec_") ? utf8(secret.slice("whsec_".length)) : null),
  ),
  secretVariation(
    "secret-prefix",
    "The key is the whole text with whsec_ before it, and the prefix was left away.",
    (secret) => (secret.startsWith("whsec_") ? null : utf8(`whsec_${secret}`)),
  ),
  secretVariation(
    "secret-hex",
    "The secret is hex that has to be decoded into the key, and was used as text.",
    (secret) => (/^(?:[0-9a-f]{2})+$/i.test(secret.trim()) ? Buffer.from(secret.trim(), "hex") : null),
  ),
  secretVariation("secret-escaped", "The secret is percent-encoded: decode it once.", (secret) => {
    try {
      return secret.includes("%") ? decodeURIComponent(secret) : null;
    } catch {
      return null;
    }
  }),
  secretVariation("secret-case", "The secret's letters were changed to lower case.", (secret) =>
    secret.toUpperCase() === secret ? null : secret.toUpperCase(),
  ),
  secretVariation("secret-case", "The secret's letters were changed to upper case.", (secret) =>
    secret.toLowerCase() === secret ? null : secret.toLowerCase(),
  ),
];

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
