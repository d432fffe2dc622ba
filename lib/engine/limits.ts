import type { LimitDeclaration, PartnerDriver, PartnerRequest } from "./define-partner.ts";
import type { BucketScope, Connection, CredentialFields } from "./ports.ts";

/** Others may use the same quota, and counting at the partner's door is never exactly ours: so this much of a limit is used. */
const defaultShare = 0.85;

/** The buckets that one call counts against: all of one account's share one item, so that one write takes a token of each or of none. */
export function scopesFor(
  driver: PartnerDriver,
  connection: Pick<Connection, "connectionId" | "account" | "settings">,
  request: Pick<PartnerRequest, "endpoint">,
  credential: CredentialFields,
): readonly BucketScope[] {
  const item = quotaItemOf(driver, connection);
  const limits = driver.limitsFor?.(credential) ?? driver.limits;
  return limits.map((limit) => ({
    item,
    bucket: bucketFor(limit, request.endpoint),
    requests: limit.requests,
    perMs: limit.perMs,
    share: limit.share ?? defaultShare,
  }));
}

/** The item that holds the buckets of whoever owns the connection's quota. */
export function quotaItemOf(
  driver: PartnerDriver,
  connection: Pick<Connection, "connectionId" | "account" | "settings">,
): string {
  const owner = driver.quotaOwner?.(connection) ?? connection.account ?? connection.connectionId;
  return `${driver.name}#${owner}`;
}

function bucketFor(limit: LimitDeclaration, endpoint: string): string {
  const tier = `${limit.requests}/${limit.perMs}`;
  return limit.scope === "account" ? `account ${tier}` : `${endpoint} ${tier}`;
}
