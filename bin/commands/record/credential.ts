import * as z from "zod";
import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import type { CredentialFields } from "../../../lib/engine/ports.ts";
import { textOption } from "../command.ts";
import type { Values } from "../command.ts";
import { UsageError } from "../usage-error.ts";
import { lasting } from "./stand-in-credential.ts";

/**
 * The credential to record with, from an environment variable or the command line.
 *
 * @throws UsageError that says what is wrong with it, never what it is.
 */
export function readCredential(
  driver: PartnerDriver,
  values: Values,
  environment: Readonly<Record<string, string | undefined>>,
): CredentialFields {
  const variable = textOption(values, "connection-credential-env", "");
  const text = variable === "" ? textOption(values, "credential", "") : (environment[variable] ?? "");
  const source = variable === "" ? "--credential" : variable;
  if (text === "")
    throw new UsageError(
      `${driver.title} needs a credential: --connection-credential-env NAME, or --credential '{…}'.`,
    );
  const fields = fieldsIn(driver, text);
  if (driver.auth.kind === "authorization-code") return accessTokenIn(fields, source);
  const parsed = driver.auth.credential.safeParse(fields);
  if (parsed.success) return parsed.data;
  const names = driver.auth.kind === "header" ? driver.auth.field : "clientId, clientSecret";
  throw new UsageError(`${source} holds no credential of ${driver.title}'s form: JSON with ${names}.`);
}

/** A token as it can be sent in a header. */
const AccessToken = z.object({ accessToken: z.string().regex(/^[\x21-\x7e]{1,8000}$/) });

/** Only a token: a refresh token may be good once, and recording must not spend a connection's. */
function accessTokenIn(fields: unknown, source: string): CredentialFields {
  const parsed = AccessToken.safeParse(fields);
  if (parsed.success) return lasting(parsed.data.accessToken);
  throw new UsageError(
    `${source} holds no access token: give the token itself, or JSON with accessToken. A refresh token is not used here: it may be good once.`,
  );
}

/** A key or a token may stand alone, as people keep them. */
function fieldsIn({ auth }: PartnerDriver, text: string): unknown {
  const alone = auth.kind === "header" ? auth.field : auth.kind === "authorization-code" ? "accessToken" : null;
  if (alone !== null && !text.trimStart().startsWith("{")) return { [alone]: text };
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
