import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { AwsError } from "../../front-door/aws-error.ts";

/** Names and values bound to a ciphertext: whoever opens it must name the same ones. */
export type EncryptionContext = Readonly<Record<string, string>>;

const magic = Buffer.from("SLK1");
const ivBytes = 12;
const tagBytes = 16;
const keyIdBytes = 36;

/** AES-256-GCM; the blob carries the key's id in front, and the context is authenticated with it. */
export function seal(keyId: string, key: Buffer, plaintext: Buffer, context: EncryptionContext): Buffer {
  const iv = randomBytes(ivBytes);
  const header = Buffer.concat([magic, Buffer.from(keyId, "ascii")]);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  cipher.setAAD(Buffer.concat([header, contextBytes(context)]));
  const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([header, iv, cipher.getAuthTag(), sealed]);
}

/** The key a blob was sealed under; read before it is opened, to judge whether the caller may. */
export function keyIdOf(blob: Buffer): string {
  const isOurs =
    blob.length >= magic.length + keyIdBytes + ivBytes + tagBytes && blob.subarray(0, magic.length).equals(magic);
  if (!isOurs) throw invalidCiphertext();
  return blob.subarray(magic.length, magic.length + keyIdBytes).toString("ascii");
}

/** @throws {AwsError} InvalidCiphertextException for another context, another key or a changed blob */
export function open(key: Buffer, blob: Buffer, context: EncryptionContext): Buffer {
  const ivAt = magic.length + keyIdBytes;
  const tagAt = ivAt + ivBytes;
  const decipher = createDecipheriv("aes-256-gcm", key, blob.subarray(ivAt, tagAt), { authTagLength: tagBytes });
  decipher.setAAD(Buffer.concat([blob.subarray(0, ivAt), contextBytes(context)]));
  decipher.setAuthTag(blob.subarray(tagAt, tagAt + tagBytes));
  try {
    return Buffer.concat([decipher.update(blob.subarray(tagAt + tagBytes)), decipher.final()]);
  } catch {
    throw invalidCiphertext();
  }
}

/** KMS says no more than this, whatever was wrong. */
export function invalidCiphertext(): AwsError {
  return new AwsError("InvalidCiphertextException", "");
}

/** The order of the pairs does not matter; their lengths keep them apart. */
function contextBytes(context: EncryptionContext): Buffer {
  const pairs = Object.entries(context).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return Buffer.from(JSON.stringify(pairs));
}
