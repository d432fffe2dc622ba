/**
 * The bytes of a base64 text that is written as it should be, null otherwise: Node's own decoding passes over what it cannot
 * read, so that many texts would stand for the same bytes, and a secret with a slip at its end for the right one.
 */
export function wholeBase64(text: string, alphabet: "base64" | "base64url" = "base64"): Buffer | null {
  const bytes = Buffer.from(text, alphabet);
  return bytes.toString(alphabet) === text ? bytes : null;
}

/** The same of a key, which people keep with its padding or without. */
export function keyBase64(text: string): Buffer | null {
  const bare = text.replace(/=+$/, "");
  return wholeBase64(bare.padEnd(Math.ceil(bare.length / 4) * 4, "="));
}
