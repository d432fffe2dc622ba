import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import * as z from "zod";
import type { LocalServices } from "../types.ts";

/** The key that the deployment made for its first user; on AWS the same person reads it in Secrets Manager. */
export async function readApiKey(services: LocalServices, secretName: string): Promise<string> {
  const client = new SecretsManagerClient({
    endpoint: services.endpoint,
    region: "us-east-1",
    credentials: services.operator,
  });
  try {
    const answer = await client.send(new GetSecretValueCommand({ SecretId: secretName }));
    return z.object({ apiKey: z.string() }).parse(JSON.parse(answer.SecretString ?? "{}")).apiKey;
  } finally {
    client.destroy();
  }
}
