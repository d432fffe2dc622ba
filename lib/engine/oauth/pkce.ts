import { createHash } from "node:crypto";
import type { Random } from "../ports.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const length = 43;

/** 258 bits that can stand in a URL: a PKCE verifier (RFC 7636, section 4.1) or a state. */
export function unguessable(random: Random): string {
  return Array.from({ length }, () => alphabet.charAt(Math.floor(random.unit() * alphabet.length))).join("");
}

/** https://www.rfc-editor.org/rfc/rfc7636#section-4.2 */
export function challengeOf(verifier: string): string {
  return createHash("sha256").update(verifier).digest("base64url");
}

/** What is stored of a state: whoever reads the table cannot come back with it. */
export function hashOfState(state: string): string {
  return createHash("sha256").update(`state:${state}`).digest("base64url");
}
