import { createHash, timingSafeEqual } from "node:crypto";

/** Each may do what the ones before it may. */
export const roles = ["viewer", "operator", "admin"] as const;
export type Role = (typeof roles)[number];

/**
 * Whether a presented key is the expected one. Digests are compared, which are of one length whatever was presented, in
 * time that does not depend on where they differ. An expected key that is empty fits nothing.
 */
export function isApiKey(presented: string, expected: string): boolean {
  return timingSafeEqual(sha256(presented), sha256(expected)) && expected !== "";
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
