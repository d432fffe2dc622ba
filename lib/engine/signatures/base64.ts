/**
 * The bytes of a base64 text that is whole: Node's own decoding passes over what it cannot read, so that a secret with a slip
 * at its end would be taken for the right one. Null otherwise.
 */
export function wholeBase64(text: string, alphabet: "base64" | "base64url" = "base64"): Buffer | null {
  const bytes = Buffer.from(text, alphabet);
  return bytes.toString(alphabet).replace(/=+$/, "") === text.replace(/=+$/, "") ? bytes : null;
}
