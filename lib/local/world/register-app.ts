import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import { partnerSecretNameFor } from "../../engine/names.ts";
import type { SandboxDefinition } from "../sandbox/definition.ts";
import type { LocalServices } from "../types.ts";
import { SandboxClient } from "./sandbox-client.ts";

const Secret = z.looseObject({ app: z.unknown() });

/**
 * What an adopter does once by hand at a partner that people authorise us at: registers our callback there, letter by letter,
 * and puts the client's id and secret into the partner's secret. At every start, as the stack's port may be another one.
 */
export async function registerApp(
  stack: { readonly url: string; readonly services: LocalServices },
  stage: string,
  { name }: Pick<SandboxDefinition, "name">,
  { app, address }: { readonly app: NonNullable<SandboxDefinition["app"]>; readonly address: string },
): Promise<void> {
  const redirectUri = `${stack.url}/api/v1/oauth/${name}/callback`;
  const registration = { ...app, redirectUris: [redirectUri] };
  await new SandboxClient(address).control("POST", "oauth/app", registration, z.unknown());
  const { endpoint, operator: credentials } = stack.services;
  const client = new SecretsManagerClient({ endpoint, region: "us-east-1", credentials });
  try {
    const SecretId = partnerSecretNameFor(stage, name);
    const { SecretString = "{}" } = await client.send(new GetSecretValueCommand({ SecretId }));
    const secret = Secret.parse(JSON.parse(SecretString));
    const wanted = { ...secret, app: { ...app, redirectUri } };
    if (isDeepStrictEqual(secret, wanted)) return;
    await client.send(new PutSecretValueCommand({ SecretId, SecretString: JSON.stringify(wanted) }));
  } finally {
    client.destroy();
  }
}
