import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { chmodSync } from "node:fs";
import * as z from "zod";
import { openDurableJson } from "../durable-json.ts";

export interface SigningKey {
  /** A JWK of the form that user pools publish. */
  readonly published: Readonly<Record<string, unknown>>;
  /** A JSON Web Signature in its compact form: https://www.rfc-editor.org/rfc/rfc7515#section-3.1 */
  sign(claims: object): string;
}

const Kept = z.object({ privateKey: z.string() });

/** The key in a file of this machine's user, made when there is none: a token outlives a restart, and no other folder's is good. */
export function openSigningKey(path: string): SigningKey {
  const file = openDurableJson(path, Kept.nullable(), null);
  const kept = file.read() ?? { privateKey: freshKey() };
  file.write(kept);
  chmodSync(path, 0o600);
  const privateKey = createPrivateKey(kept.privateKey);
  const publicKey = createPublicKey(privateKey);
  const kid = createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("base64url");
  return {
    published: { ...publicKey.export({ format: "jwk" }), kid, alg: "RS256", use: "sig" },
    sign(claims) {
      const text = [{ alg: "RS256", kid, typ: "JWT" }, claims].map(encoded).join(".");
      return `${text}.${sign("sha256", Buffer.from(text), privateKey).toString("base64url")}`;
    },
  };
}

function freshKey(): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
