import { GetSecretValueCommand, ResourceNotFoundException } from "@aws-sdk/client-secrets-manager";
import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { partnerSecretNameFor } from "../engine/names.ts";
import type { Clock, PartnerSecret, PartnerSecrets } from "../engine/ports.ts";
import { ExpiringCache } from "./expiring-cache.ts";
import { freshSecretMs, readPartnerSecret, secretCacheBounds } from "./partner-secret.ts";

export function createPartnerSecrets(stage: string, client: () => SecretsManagerClient, clock: Clock): PartnerSecrets {
  const cache = new ExpiringCache<PartnerSecret>(clock, secretCacheBounds);
  return {
    async read(partner, options) {
      const cached = cache.get(partner, options?.fresh === true ? freshSecretMs : undefined);
      if (cached !== undefined) return cached;
      const name = partnerSecretNameFor(stage, partner);
      const content = await fetchSecret(client(), name);
      if (content === null) return null;
      const secret = readPartnerSecret(name, content);
      cache.set(partner, secret);
      return secret;
    },
  };
}

/** null: there is no such secret. */
async function fetchSecret(client: SecretsManagerClient, name: string): Promise<string | null> {
  try {
    return (await client.send(new GetSecretValueCommand({ SecretId: name }))).SecretString ?? "";
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return null;
    throw error;
  }
}
