import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import type { CredentialFields } from "../../../lib/engine/ports.ts";
import { textOption } from "../command.ts";
import type { Values } from "../command.ts";
import { UsageError } from "../usage-error.ts";

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
  const parsed = driver.auth.credential.safeParse(fieldsIn(driver, text));
  if (parsed.success) return parsed.data;
  const fields = driver.auth.kind === "header" ? driver.auth.field : "clientId, clientSecret";
  throw new UsageError(`${source} holds no credential of ${driver.title}'s form: JSON with ${fields}.`);
}

/** An API key may stand alone, as people keep them. */
function fieldsIn(driver: PartnerDriver, text: string): unknown {
  if (driver.auth.kind === "header" && !text.trimStart().startsWith("{")) return { [driver.auth.field]: text };
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
