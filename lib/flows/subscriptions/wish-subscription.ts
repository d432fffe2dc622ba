import type { PartnerDriver } from "../../engine/define-partner.ts";
import type { Connection, Ports } from "../../engine/ports.ts";
import { wishAway, wishFor } from "../../engine/subscription.ts";
import { appendAudit } from "../connections/append-audit.ts";
import type { Actor } from "../connections/append-audit.ts";
import { changeItem } from "./change-connection-item.ts";
import { subscriptionJob } from "./subscription-job.ts";

export type WishPorts = Pick<Ports, "clock" | "random" | "connections" | "lanes" | "audit">;

/**
 * Asks for a connection's webhooks to be registered with its partner, at `url`. The API calls no partner: the wish is stored
 * and a job of the partner's own lane fulfils it. A job that gets lost is sent again by the hourly look.
 */
export async function wishSubscription(
  ports: WishPorts,
  connection: Connection,
  url: string,
  actor: Actor,
): Promise<Connection | null> {
  await appendAudit(ports, actor, "connection.webhooks", connection.connectionId, { url });
  const wished = await changeItem(ports, connection, (current, nowMs) => ({
    ...current,
    subscription: wishFor(current.subscription, url, nowMs),
  }));
  if (wished.kind !== "stored") return null;
  await ports.lanes.send(subscriptionJob(connection, actor.requestId, ports.clock.nowMs()), 0);
  return wished.connection;
}

/** A removal waits this long for the partner to be told, and goes on without. */
const removalMsMax = 60_000;
const askAgainMs = 5_000;

/**
 * Has the partner told to send no more, while there is a credential to tell it with. Returns when it is worth asking again,
 * or null when there is nothing left to wait for: what is still registered then is answered 404 and given up by the partner.
 */
export async function endSubscription(
  ports: Pick<WishPorts, "clock" | "connections" | "lanes">,
  driver: PartnerDriver,
  of: Pick<Connection, "partner" | "connectionId">,
): Promise<number | null> {
  if (driver.webhook?.subscriptions === undefined) return null;
  const current = await ports.connections.read(of.partner, of.connectionId);
  if (current?.subscription === undefined) return null;
  const nowMs = ports.clock.nowMs();
  if (current.subscription.wanted) {
    await changeItem(ports, of, ({ subscription, ...rest }, atMs) =>
      subscription === undefined ? null : { ...rest, subscription: wishAway(subscription, atMs) },
    );
  } else if (nowMs >= current.subscription.wishedAtMs + removalMsMax) return null;
  await ports.lanes.send(subscriptionJob(of, of.connectionId, nowMs), 0);
  return nowMs + askAgainMs;
}
