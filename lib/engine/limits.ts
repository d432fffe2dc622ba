import { createHash } from "node:crypto";
import { fingerprintOf } from "./fingerprint.ts";
import type { LimitDeclaration, PartnerDriver, PartnerRequest } from "./define-partner.ts";
import type { LimitRule } from "./gate/limit-rule.ts";
import type { BucketScope, Connection, CredentialFields } from "./ports.ts";

/** Others may use the same quota, and counting at the partner's door is never exactly ours: so this much of a limit is used. */
export const defaultShare = 0.85;
/** Of what we use, how much webhooks keep while they need it. */
export const defaultHighShare = 0.2;
/**
 * A call may be 100 ms late for its date, two of our clocks may be 100 ms apart, and one way to the partner may take 60 ms
 * longer than another. What all calls have in common (a clock of the partner's that is off, a long way) costs nothing.
 */
export const defaultUncertaintyMs = 260;

/** The buckets that one call counts against; those in one item are taken together or not at all, in one write. */
export function scopesFor(
  driver: PartnerDriver,
  connection: Pick<Connection, "connectionId" | "account" | "settings">,
  request: Pick<PartnerRequest, "endpoint">,
  credential: CredentialFields,
): readonly BucketScope[] {
  const limits = driver.limitsFor?.(credential) ?? driver.limits;
  return limits.map((limit) => ({
    item: itemFor(driver, limit, connection, credential),
    bucket: `${limit.per === "endpoint" ? request.endpoint : limit.per} ${tierOf(limit.rule)}`,
    rule: limit.rule,
    share: limit.share ?? defaultShare,
    uncertaintyMs: limit.uncertaintyMs ?? defaultUncertaintyMs,
    highShare: limit.highShare ?? defaultHighShare,
    per: limit.per,
  }));
}

const ownerLengthMax = 200;

/**
 * The item that holds the buckets of whoever owns the connection's quota. An owner is somebody's text: without a `#` of its
 * own it is never the key of a lease, which has two.
 */
export function quotaItemOf(
  driver: PartnerDriver,
  connection: Pick<Connection, "connectionId" | "account" | "settings">,
): string {
  const owner = driver.quotaOwner?.(connection) ?? connection.account ?? connection.connectionId;
  const encoded = encodeURIComponent(owner.toWellFormed());
  return `${driver.name}#${encoded.length <= ownerLengthMax ? encoded : fingerprintOf([owner])}`;
}

function itemFor(
  driver: PartnerDriver,
  limit: LimitDeclaration,
  connection: Pick<Connection, "connectionId" | "account" | "settings">,
  credential: CredentialFields,
): string {
  switch (limit.per) {
    case "app":
      return `${driver.name}#app`;
    case "account":
    case "endpoint":
      return quotaItemOf(driver, connection);
    case "connection":
      return `${driver.name}#${connection.connectionId}`;
    case "key":
      return `${driver.name}#key-${keyDigest(driver, credential)}`;
  }
}

/** The key itself is a secret, and this is the key of a table. */
function keyDigest(driver: PartnerDriver, credential: CredentialFields): string {
  const field = driver.auth.kind === "header" ? driver.auth.field : "clientId";
  return createHash("sha256")
    .update(credential[field] ?? "")
    .digest("base64url")
    .slice(0, 16);
}

/** Tells an owner's tiers apart; a limit that is changed begins a new bucket. */
function tierOf(rule: LimitRule): string {
  switch (rule.kind) {
    case "slidingWindow":
      return `${rule.requests}/${rule.perMs}`;
    case "tokenBucket":
      return `${rule.capacity}+${rule.refill}/${rule.perMs}`;
    case "fixedWindow":
      return `${rule.requests} from ${rule.resets.kind} ${rule.perMs}`;
    case "concurrency":
      return `${rule.calls} at once`;
    case "learnt":
      return "learnt";
  }
}
