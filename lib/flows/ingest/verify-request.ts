import { checkConnectionId } from "../../engine/connection-id.ts";
import type { PartnerDriver } from "../../engine/define-partner.ts";
import type { PartnerSecret, Ports } from "../../engine/ports.ts";
import { unseal } from "../../engine/seal.ts";
import type { KeyPutOff } from "../../engine/signatures/key-cache.ts";
import { fetchesKeys, verdictOn } from "../../engine/signatures/verification.ts";
import type { PublishedKeyScheme, Verification } from "../../engine/signatures/verification.ts";
import type { KeyedVerdict, SignedRequest } from "../../engine/signatures/verifier.ts";

/** Verifies under keys that the partner publishes. Throws where they cannot be had. */
export type VerifyPublished = (
  driver: PartnerDriver,
  scheme: PublishedKeyScheme,
  request: SignedRequest,
) => Promise<KeyedVerdict | KeyPutOff>;

/** The verdict on a request. Throws where the keys that it takes cannot be had: it should come again, and is never let in. */
export async function verifyRequest(
  verifyPublished: VerifyPublished | undefined,
  driver: PartnerDriver,
  verification: Verification,
  request: SignedRequest,
): Promise<KeyedVerdict | KeyPutOff> {
  if (!fetchesKeys(verification)) return verdictOn(verification, request);
  if (verifyPublished === undefined)
    throw new Error(`${driver.title} publishes its keys, and this function was deployed without a way to fetch them`);
  return verifyPublished(driver, verification, request);
}

/** The secrets that may have signed; null when there is no such connection. Its own secret, where it has one, is the only one. */
export async function secretsFor(
  connections: Pick<Ports["connections"], "read">,
  driver: PartnerDriver,
  secret: PartnerSecret | null,
  connectionId: string | null,
): Promise<readonly string[] | null> {
  // Nothing is configured yet: no key for ids, no secret to verify with.
  if (secret === null) return [];
  if (connectionId === null) return secret.webhookSecrets;
  // The MAC in the id turns strangers away before they cost a look-up.
  if (!checkConnectionId(connectionId, driver.name, secret.connectionKey)) return null;
  const connection = await connections.read(driver.name, connectionId);
  if (connection === null) return null;
  if (connection.sealedWebhookSecret === null) return secret.webhookSecrets;
  return [unseal(connection.sealedWebhookSecret, secret.connectionKey, `${driver.name}#${connectionId}`)];
}
