import type { PartnerDriver } from "../../engine/define-partner.ts";
import type { Connection, Ports } from "../../engine/ports.ts";
import { failedWebhook } from "./failed-webhook.ts";
import type { FailedWebhook } from "./failed-webhook.ts";

export type Owner =
  | { readonly kind: "found"; readonly connection: Connection }
  /** Not ours to follow, and no reason to fail: counted under its name and dropped. */
  | { readonly kind: "gone" }
  | { readonly kind: "unknown-account" }
  | { readonly kind: "other-account" }
  | FailedWebhook;

/**
 * The connection that an event belongs to: the one at whose own address it came, or else the one that holds its account, by
 * two reads. An account that nobody here connected is no failure: whoever owns the app at the partner hears of every
 * account that uses it, and a connection made later begins with an import of everything.
 */
export async function findOwner(
  ports: Pick<Ports, "connections">,
  driver: PartnerDriver,
  connectionId: string | null,
  account: string | null,
): Promise<Owner> {
  if (connectionId !== null) return ownOf(ports, driver, connectionId, account);
  if (account === null) return notFound(driver, "an event that names no account");
  const connection = await ports.connections.findByAccount(driver.name, account);
  if (connection !== null) return { kind: "found", connection };
  return { kind: (await ports.connections.isGone(driver.name, { account })) ? "gone" : "unknown-account" };
}

/** Whoever may post to one connection's address has no say over another's account. */
async function ownOf(
  ports: Pick<Ports, "connections">,
  driver: PartnerDriver,
  connectionId: string,
  account: string | null,
): Promise<Owner> {
  const connection = await ports.connections.read(driver.name, connectionId);
  if (connection !== null) {
    const isOther = account !== null && connection.account !== null && account !== connection.account;
    return isOther ? { kind: "other-account" } : { kind: "found", connection };
  }
  if (await ports.connections.isGone(driver.name, { connectionId })) return { kind: "gone" };
  return notFound(driver, connectionId);
}

function notFound(driver: PartnerDriver, actual: string): FailedWebhook {
  const toDo = "Connect the account, or register the webhook with its connection's own address; then replay.";
  return failedWebhook(driver, "connection-not-found", "a connection that the event belongs to", actual, toDo);
}

export type Dropped = Exclude<Owner["kind"], "found" | "failed">;

const metrics = {
  gone: "JobsOfGone",
  "unknown-account": "WebhooksUnowned",
  "other-account": "WebhooksUnowned",
} as const;

/** Counts the events of one post that are dropped, and says why in one line; the accounts are the partner's customers, and not told. */
export function countDropped(
  ports: Pick<Ports, "metrics" | "log">,
  driver: PartnerDriver,
  jobId: string,
  dropped: readonly Dropped[],
): void {
  const partner = driver.name;
  for (const [reason, { length: events }] of Map.groupBy(dropped, (each) => each)) {
    ports.metrics.count(metrics[reason], events, { partner, ...(reason !== "gone" && { kind: reason }) });
    ports.log.info("dropped what a webhook told", { partner, jobId, reason, events });
  }
}
