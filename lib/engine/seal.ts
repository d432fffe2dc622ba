import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from "node:crypto";

/** What was sealed under another key, for somebody else, or was damaged since. */
export class UnsealError extends Error {
  constructor(context: string) {
    super(`what was sealed for ${context} does not open under this key: set it again`);
    this.name = "UnsealError";
  }
}

const algorithm = "aes-256-gcm";
const formatVersion = 1;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = 1 + nonceBytes + tagBytes;

/**
 * Seals a connection's webhook secret under its partner's connection key, so that opening it needs no call to KMS.
 *
 * @param context `partner#connectionId`: bound in, so that a sealed value moved to another connection does not open
 */
export function seal(secret: string, connectionKey: string, context: string): string {
  return sealBytes(Buffer.from(secret), Buffer.from(connectionKey), { purpose: "webhook-secret", context }).toString(
    "base64url",
  );
}

/** Throws `UnsealError`. */
export function unseal(sealed: string, connectionKey: string, context: string): string {
  const bound = { purpose: "webhook-secret", context };
  return openBytes(Buffer.from(sealed, "base64url"), Buffer.from(connectionKey), bound).toString("utf8");
}

/** What a sealed value is for and whose it is: it opens for nothing and nobody else. */
export interface SealBinding {
  readonly purpose: string;
  readonly context: string;
}

/**
 * AES-256-GCM under keys derived from `key`: version, nonce, tag, ciphertext. The nonce is a MAC of what is sealed and
 * for whom: it repeats only where everything does, so no source of randomness has to be trusted or handed in.
 */
export function sealBytes(plaintext: Uint8Array, key: Uint8Array, binding: SealBinding): Buffer {
  const { encryption, nonces } = keysFrom(key, binding.purpose);
  const aad = Buffer.from(binding.context);
  const nonce = createHmac("sha256", nonces)
    .update(`${aad.byteLength}:`)
    .update(aad)
    .update(plaintext)
    .digest()
    .subarray(0, nonceBytes);
  const cipher = createCipheriv(algorithm, encryption, nonce).setAAD(aad);
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([Uint8Array.of(formatVersion), nonce, cipher.getAuthTag(), ciphertext]);
}

/** Throws `UnsealError`. */
export function openBytes(sealed: Uint8Array, key: Uint8Array, binding: SealBinding): Buffer {
  if (sealed.byteLength < headBytes || sealed[0] !== formatVersion) throw new UnsealError(binding.context);
  const { encryption } = keysFrom(key, binding.purpose);
  const nonce = sealed.subarray(1, 1 + nonceBytes);
  const decipher = createDecipheriv(algorithm, encryption, nonce, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(binding.context)).setAuthTag(sealed.subarray(1 + nonceBytes, headBytes));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(headBytes)), decipher.final()]);
  } catch {
    throw new UnsealError(binding.context);
  }
}

function keysFrom(key: Uint8Array, purpose: string): { readonly encryption: Uint8Array; readonly nonces: Uint8Array } {
  const derived = new Uint8Array(hkdfSync("sha256", key, new Uint8Array(0), purpose, 64));
  return { encryption: derived.subarray(0, 32), nonces: derived.subarray(32) };
}
