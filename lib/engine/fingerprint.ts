import { createHash } from "node:crypto";

/** A short stable name for things that are alike; parts are kept apart, so that ["ab", "c"] is not ["a", "bc"]. */
export function fingerprintOf(parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:${part}`);
  return hash.digest("base64url").slice(0, 22);
}

/** A short name for bytes: the same bytes, the same name. */
export function contentIdOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64url").slice(0, 22);
}
