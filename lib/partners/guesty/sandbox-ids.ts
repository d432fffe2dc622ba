import { createHash } from "node:crypto";

/** An id of Guesty's form (24 hexadecimal digits), the same for the same account and index: a restart must not invent others. */
export function guestyId(kind: string, account: string, index: number): string {
  return fingerprintOf(`${account} ${kind} ${index}`).slice(0, 24);
}

/** A one-way name, so that the sandbox's files hold neither clients' secrets nor tokens. */
export function fingerprintOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
