import { randomBytes } from "node:crypto";
import * as z from "zod";
import { AwsError } from "../../front-door/aws-error.ts";
import type { DocumentStore } from "../state/document-store.ts";

const storedKey = z.object({
  id: z.string(),
  arn: z.string(),
  aliases: z.array(z.string()),
  /** base64, 32 bytes; never leaves the store but as a Buffer for use */
  material: z.base64(),
});
export type StoredKey = z.infer<typeof storedKey>;

/** Master keys with their material, kept in the data folder and readable by its owner alone. */
export interface KeyStore {
  /** By id, ARN, `alias/name` or an alias's ARN. */
  get(keyId: string): StoredKey;
  find(keyId: string): StoredKey | null;
  materialOf(key: StoredKey): Buffer;
  /** Makes the key when it is new; an existing one keeps its material and gets the aliases given. */
  ensure(id: string, arn: string, aliases: readonly string[]): void;
}

const keysMax = 1_000;

export function openKeyStore(documents: DocumentStore): KeyStore {
  const keys = new Map<string, StoredKey>();
  for (const { id, document } of documents.list("key", keysMax)) keys.set(id, storedKey.parse(document));

  function find(keyId: string): StoredKey | null {
    const name = keyId.startsWith("arn:")
      ? keyId
          .split(":")
          .slice(5)
          .join(":")
          .replace(/^key\//, "")
      : keyId;
    if (!name.startsWith("alias/")) return keys.get(name) ?? null;
    return [...keys.values()].find((key) => key.aliases.includes(name)) ?? null;
  }

  return {
    find,
    get(keyId) {
      const key = find(keyId);
      if (key !== null) return key;
      throw new AwsError("NotFoundException", `Key '${keyId}' does not exist`);
    },
    materialOf: (key) => Buffer.from(key.material, "base64"),
    ensure(id, arn, aliases) {
      const material = keys.get(id)?.material ?? randomBytes(32).toString("base64");
      const key = { id, arn, aliases: [...aliases], material };
      documents.put("key", id, key);
      keys.set(id, key);
    },
  };
}
