import { DecryptCommand, GenerateDataKeyCommand } from "@aws-sdk/client-kms";
import type { KMSClient } from "@aws-sdk/client-kms";
import * as z from "zod";
import type { Clock, Credential, CredentialFields, Credentials } from "../engine/ports.ts";
import { attemptKeptMs, isOfAttempt } from "../engine/oauth/credential-attempt.ts";
import { openBytes, sealBytes } from "../engine/seal.ts";
import { contextOf, credentialKey, encryptionContext, Envelope } from "./credential-envelope.ts";
import type { CredentialOwner } from "./credential-envelope.ts";
import { ExpiringCache } from "./expiring-cache.ts";
import { jsonOf, number, numberOf, text } from "./item.ts";
import type { Item } from "./item.ts";
import type { Table } from "./table.ts";

interface World {
  readonly table: Table;
  readonly kms: () => KMSClient;
  readonly keyId: string;
  readonly clock: Clock;
}

const Fields = z.record(z.string(), z.string());

const cacheBounds = { keptMs: 60_000, entriesMax: 200 };

export function createCredentials(world: World): Credentials {
  const { table, clock } = world;
  const cache = new ExpiringCache<Credential>(clock, cacheBounds);

  return {
    async read(owner, options) {
      const cached = options?.fresh === true ? undefined : cache.get(contextOf(owner));
      if (cached !== undefined) return cached;
      const item = await table.get(credentialKey(owner));
      if (item === null) return null;
      const credential = await open(world, owner, item);
      cache.set(contextOf(owner), credential);
      return credential;
    },

    async replace(owner, used, next) {
      const revision = (used?.revision ?? 0) + 1;
      const storedAtMs = clock.nowMs();
      const body = await seal(world, owner, next, storedAtMs);
      const item = {
        ...credentialKey(owner),
        revision: number(revision),
        body: text(body),
        ...endOf(owner, storedAtMs),
      };
      const stored = used === null ? await table.create(item) : (await table.replace(item, revision)).kind;
      // The next read sees what is stored now, whoever stored it.
      cache.delete(contextOf(owner));
      if (stored === "exists" || stored === "superseded") return "superseded";
      cache.set(contextOf(owner), { fields: { ...next }, revision, storedAtMs });
      return "stored";
    },

    async overwrite(owner, next) {
      const storedAtMs = clock.nowMs();
      const body = await seal(world, owner, next, storedAtMs);
      const { expiresAt } = endOf(owner, storedAtMs);
      await table.update(credentialKey(owner), {
        UpdateExpression: `SET body = :body${expiresAt === undefined ? "" : ", expiresAt = :end"} ADD revision :one`,
        ExpressionAttributeValues: {
          ":body": text(body),
          ":one": number(1),
          ...(expiresAt !== undefined && { ":end": expiresAt }),
        },
      });
      cache.delete(contextOf(owner));
    },
  };
}

/** A candidate that its attempt does not remove, because somebody died, goes with it: nothing of it is left for ever. */
function endOf({ connectionId }: CredentialOwner, storedAtMs: number): Item {
  return isOfAttempt(connectionId) ? { expiresAt: number(Math.ceil((storedAtMs + attemptKeptMs) / 1_000)) } : {};
}

async function seal(
  world: World,
  owner: CredentialOwner,
  fields: CredentialFields,
  storedAtMs: number,
): Promise<string> {
  const { Plaintext, CiphertextBlob } = await world.kms().send(
    new GenerateDataKeyCommand({
      KeyId: world.keyId,
      KeySpec: "AES_256",
      EncryptionContext: encryptionContext(owner),
    }),
  );
  if (Plaintext === undefined || CiphertextBlob === undefined)
    throw new Error("KMS answered GenerateDataKey without a key");
  const sealed = sealBytes(Buffer.from(JSON.stringify(fields)), Plaintext, {
    purpose: "credential",
    context: contextOf(owner),
  });
  const envelope: z.infer<typeof Envelope> = {
    sealed: sealed.toString("base64"),
    sealedKey: Buffer.from(CiphertextBlob).toString("base64"),
    storedAtMs,
  };
  return JSON.stringify(envelope);
}

async function open(world: World, owner: CredentialOwner, item: Item): Promise<Credential> {
  const { table, kms } = world;
  const { sealed, sealedKey, storedAtMs } = jsonOf(table.name, item, Envelope);
  const { Plaintext } = await kms().send(
    new DecryptCommand({
      CiphertextBlob: Buffer.from(sealedKey, "base64"),
      EncryptionContext: encryptionContext(owner),
    }),
  );
  if (Plaintext === undefined) throw new Error("KMS answered Decrypt without a key");
  const opened = openBytes(Buffer.from(sealed, "base64"), Plaintext, {
    purpose: "credential",
    context: contextOf(owner),
  });
  const fields = Fields.parse(JSON.parse(opened.toString("utf8")));
  return { fields, revision: numberOf(table.name, item, "revision"), storedAtMs };
}
