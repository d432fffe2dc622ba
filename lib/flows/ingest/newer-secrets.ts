import type { PartnerDriver } from "../../engine/define-partner.ts";
import type { Ports } from "../../engine/ports.ts";
import { secretsFor } from "./verify-request.ts";

export type SecretPorts = Pick<Ports, "partnerSecrets"> & { readonly connections: Pick<Ports["connections"], "read"> };

/** Verdicts that another secret may turn. */
const turnable: ReadonlySet<string> = new Set(["mismatch", "no-secret"]);

/**
 * The secrets as they are now, for a post that none of the known ones has signed: one may have been changed within the minute that
 * they are kept for. null: they are the same, or it is no question of secrets. The ports bound how often it costs a call.
 */
export async function newerSecrets(
  { partnerSecrets, connections }: SecretPorts,
  driver: PartnerDriver,
  tried: { readonly reason: string; readonly secrets: readonly string[]; readonly connectionId: string | null },
): Promise<readonly string[] | null> {
  if (!turnable.has(tried.reason)) return null;
  const fresh = { fresh: true };
  try {
    const secret = await partnerSecrets.read(driver.name, fresh);
    const read: SecretPorts["connections"] = { read: (partner, id) => connections.read(partner, id, fresh) };
    const secrets = await secretsFor(read, driver, secret, tried.connectionId);
    return secrets === null || isSame(secrets, tried.secrets) ? null : secrets;
  } catch {
    // The verdict was reached without it, and a stranger's post is no occasion for an error.
    return null;
  }
}

/** No secret from a stranger's hand: both sides are ours, and an early end tells nobody anything. */
function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((secret, index) => secret === right[index]);
}
