import { ReEncryptCommand } from "@aws-sdk/client-kms";
import type { KMSClient } from "@aws-sdk/client-kms";
import type { CredentialSeals, RenewedSeal } from "../engine/credential-seals.ts";
import { contextOf, credentialKey, encryptionContext, Envelope } from "./credential-envelope.ts";
import type { CredentialOwner } from "./credential-envelope.ts";
import { CorruptItem, jsonOf, text } from "./item.ts";
import type { Item } from "./item.ts";
import type { Table } from "./table.ts";

interface World {
  readonly table: Table;
  readonly kms: () => KMSClient;
  /** The stage's key of today. */
  readonly keyId: string;
}

const triesMax = 3;

/** KMS says no for good: the key is gone, off or not ours to use, or the data key was sealed for something else. */
const refusals: ReadonlySet<string> = new Set([
  "AccessDeniedException",
  "DisabledException",
  "IncorrectKeyException",
  "InvalidCiphertextException",
  "KMSInvalidStateException",
  "NotFoundException",
]);

export function createCredentialSeals(world: World): CredentialSeals {
  return {
    async renew(owner) {
      for (let tries = 0; tries < triesMax; tries++) {
        const item = await world.table.get(credentialKey(owner));
        if (item === null) return { kind: "none" };
        const renewed = await renewOnce(world, owner, item);
        if (renewed.kind !== "superseded") return renewed;
      }
      return { kind: "superseded" };
    },
  };
}

async function renewOnce({ table, kms, keyId }: World, owner: CredentialOwner, item: Item): Promise<RenewedSeal> {
  try {
    const envelope = jsonOf(table.name, item, Envelope);
    // From key to key within KMS: whoever may call this sees neither the data key nor what it seals.
    const moved = await kms().send(
      new ReEncryptCommand({
        CiphertextBlob: Buffer.from(envelope.sealedKey, "base64"),
        SourceEncryptionContext: encryptionContext(owner),
        DestinationEncryptionContext: encryptionContext(owner),
        DestinationKeyId: keyId,
      }),
    );
    if (moved.CiphertextBlob === undefined) throw new Error("KMS answered ReEncrypt without a data key");
    if (moved.SourceKeyId === moved.KeyId) return { kind: "current" };
    const sealedKey = Buffer.from(moved.CiphertextBlob).toString("base64");
    // The revision stays: whoever refreshes the credential at this moment has the one that it used all the same.
    const stored = await table.update(credentialKey(owner), {
      UpdateExpression: "SET body = :next",
      ConditionExpression: "body = :read",
      ExpressionAttributeValues: {
        ":read": item["body"] ?? text(""),
        ":next": text(JSON.stringify({ ...envelope, sealedKey })),
      },
    });
    return { kind: stored.kind === "stored" ? "renewed" : "superseded" };
  } catch (error) {
    if (error instanceof CorruptItem)
      return { kind: "refused", reason: `what is stored for ${contextOf(owner)} is no envelope` };
    if (error instanceof Error && refusals.has(error.name)) return { kind: "refused", reason: error.name };
    throw error;
  }
}
