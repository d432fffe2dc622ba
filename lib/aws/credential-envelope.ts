import * as z from "zod";
import type { Connection } from "../engine/ports.ts";
import { text } from "./item.ts";
import type { Item } from "./item.ts";

export type CredentialOwner = Pick<Connection, "partner" | "connectionId">;

/** An envelope: the fields under a key of their own, and that key under the stage's in KMS. */
export const Envelope = z.object({ sealed: z.base64(), sealedKey: z.base64(), storedAtMs: z.number() });

export function credentialKey(owner: CredentialOwner): Item {
  return { pk: text(contextOf(owner)), sk: text("credential") };
}

export function contextOf(owner: CredentialOwner): string {
  return `${owner.partner}#${owner.connectionId}`;
}

/** KMS gives the data key out for this connection only, and writes to its own log who asked. */
export function encryptionContext(owner: CredentialOwner): Record<string, string> {
  return { partner: owner.partner, connection: owner.connectionId };
}
