import { GetSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import * as z from "zod";
import { isApiKey } from "../engine/api-key.ts";
import { apiSecretNameFor } from "../engine/names.ts";
import type { Clock } from "../engine/ports.ts";
import { ExpiringCache } from "./expiring-cache.ts";
import { BadSecret } from "./partner-secret.ts";

const Content = z.object({ apiKey: z.string().min(16, "is shorter than 16 characters") });

/** Strangers' tries must cost no call each, so a new key takes up to a minute to be known. */
const bounds = { keptMs: 60_000, entriesMax: 1 };

/** Checks presented keys against the stage's secret. The check throws `BadSecret` where the secret holds no key. */
export function createApiKeyCheck(
  stage: string,
  client: () => SecretsManagerClient,
  clock: Clock,
): (presented: string) => Promise<boolean> {
  const cache = new ExpiringCache<string>(clock, bounds);
  const name = apiSecretNameFor(stage);
  return async (presented) => {
    const cached = cache.get(name);
    if (cached !== undefined) return isApiKey(presented, cached);
    const answer = await client().send(new GetSecretValueCommand({ SecretId: name }));
    const expected = readApiKey(name, answer.SecretString ?? "");
    cache.set(name, expected);
    return isApiKey(presented, expected);
  };
}

function readApiKey(name: string, content: string): string {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    throw new BadSecret(name, "is no JSON text");
  }
  const parsed = Content.safeParse(value);
  if (parsed.success) return parsed.data.apiKey;
  throw new BadSecret(name, "has no apiKey of at least 16 characters");
}
