import type { webcrypto } from "node:crypto";

const encoder = new TextEncoder();

export type Hash = "SHA-1" | "SHA-256";
export type Chunk = string | Uint8Array;

/** One array of all chunks. */
export function bytesOf(chunks: readonly Chunk[]): Uint8Array<ArrayBuffer> {
  const parts = chunks.map((chunk) => (typeof chunk === "string" ? encoder.encode(chunk) : chunk));
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const macKeys = new Map<string, Promise<webcrypto.CryptoKey>>();

/** An HMAC by the Web Cryptography API. */
export async function webHmac(hash: Hash, key: Chunk, chunks: readonly Chunk[]): Promise<Uint8Array> {
  const raw = bytesOf([key]);
  const id = `${hash} ${webHex(raw)}`;
  if (macKeys.size > 5_000) macKeys.clear();
  const imported = macKeys.get(id) ?? crypto.subtle.importKey("raw", raw, { name: "HMAC", hash }, false, ["sign"]);
  macKeys.set(id, imported);
  return new Uint8Array(await crypto.subtle.sign("HMAC", await imported, bytesOf(chunks)));
}

export async function webHash(chunks: readonly Chunk[]): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytesOf(chunks)));
}

export function webHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += (byte >> 4).toString(16) + (byte & 15).toString(16);
  return text;
}

export function webBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** The bytes of base64 or base64url; null for anything that a decoder stumbles over. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (/\s/.test(text)) return null;
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) =>
      character.charCodeAt(0),
    );
  } catch {
    return null;
  }
}

type VerifyAlgorithm = webcrypto.RsaHashedImportParams | webcrypto.EcKeyImportParams | { readonly name: "Ed25519" };

/** Whether a public key's signature holds; a key that cannot be read holds nothing. */
export async function webVerify(
  algorithm: VerifyAlgorithm,
  format: "jwk" | "raw" | "spki",
  key: webcrypto.JsonWebKey | Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
  chunks: readonly Chunk[],
): Promise<boolean> {
  try {
    // The two overloads of `importKey` take a JWK or bytes by the format, which goes with the key here.
    const imported = await crypto.subtle.importKey(format as "jwk", key as webcrypto.JsonWebKey, algorithm, false, [
      "verify",
    ]);
    const how = algorithm.name === "ECDSA" ? { name: "ECDSA", hash: "SHA-256" } : algorithm.name;
    return await crypto.subtle.verify(how, imported, signature, bytesOf(chunks));
  } catch {
    return false;
  }
}
