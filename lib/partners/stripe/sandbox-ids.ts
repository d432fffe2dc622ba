import { createHash } from "node:crypto";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** An id of Stripe's form, the same for the same account and index: a restarted sandbox must not invent others. */
export function stripeId(prefix: string, account: string, index: number, length = 24): string {
  const digest = createHash("sha256").update(`${account} ${prefix} ${index}`).digest();
  const letters = [...digest.subarray(0, length)].map((byte) => ALPHABET[byte % ALPHABET.length]);
  return `${prefix}_${letters.join("")}`;
}

/** A one-way name for an API key, so that the sandbox's files hold no keys. */
export function fingerprintOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
