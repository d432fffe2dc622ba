import type { PartnerDriver } from "../../engine/define-partner.ts";
import type { Connection } from "../../engine/ports.ts";
import type { Access } from "./access.ts";
import { problem } from "./problem.ts";

/*
 * A connection's own things may name what is not its tenant's alone: posts that come to the app's one address go to whoever
 * holds the account that they name, and some settings say whose key or quota it is. A key that is bound to a tenant may
 * give none of these, or it would take another tenant's by writing its name.
 */

/** Throws the 403 where a bound key names an account, before it is looked for: it learns not whether it is connected. */
export function requireNoAccount(access: Access, account: string | null): void {
  if (access.tenantId === null || account === null) return;
  const message =
    "A key that is bound to a tenant connects no account by its id: leave it out, authorise the connection in a browser where the partner has that, or ask whoever has a key of no tenant.";
  throw problem(403, "tenant-bound-key", message, "account");
}

/** Those of the driver's `stageSettings` that are given and are not as they were; throws the 403 where a bound key gives one. */
export function stageSettingsIn(
  access: Access,
  { stageSettings = [] }: Pick<PartnerDriver, "stageSettings">,
  settings: Connection["settings"],
  former: Connection["settings"] = {},
): Connection["settings"] | undefined {
  const changed = stageSettings.flatMap((name) => {
    const value = settings[name];
    return value === undefined || value === former[name] ? [] : [[name, value] as const];
  });
  const [first] = changed;
  if (first === undefined) return undefined;
  if (access.tenantId === null) return Object.fromEntries(changed);
  const message = `The setting ${first[0]} says whose key or quota it is: only a key that is bound to no tenant may give it or change it.`;
  throw problem(403, "tenant-bound-key", message, `settings.${first[0]}`);
}

/** Throws the 403 where a bound key gives another credential to a connection whose settings say whose the credential is. */
export function requireOwnCredential(
  access: Access,
  { stageSettings = [] }: Pick<PartnerDriver, "stageSettings">,
  { settings }: Pick<Connection, "settings">,
): void {
  const named = stageSettings.find((name) => settings[name] !== undefined);
  if (access.tenantId === null || named === undefined) return;
  const message = `The setting ${named} says whose key this connection has: only a key that is bound to no tenant may replace it.`;
  throw problem(403, "tenant-bound-key", message, "credential");
}
