import type { PartnerDriver } from "../../engine/define-partner.ts";
import type { PartnerError } from "../../engine/errors.ts";
import type { Job } from "../../engine/job.ts";
import { unguessable } from "../../engine/oauth/pkce.ts";
import type { Connection, Ports } from "../../engine/ports.ts";
import { seal, unseal } from "../../engine/seal.ts";
import { subscriptionsFor } from "../../engine/subscription-driver.ts";
import type { CreatedSubscription, RemoteSubscription } from "../../engine/subscription-driver.ts";
import { failedLook, isRight, subscribed } from "../../engine/subscription.ts";
import type { Subscription } from "../../engine/subscription.ts";
import type { CallPorts } from "../call-partner.ts";
import { waitForPerson } from "../held.ts";
import { done } from "../outcome.ts";
import type { Outcome, WorkContext } from "../outcome.ts";
import { ask, listOurs, remove } from "./call-subscriptions.ts";
import type { SubscriptionWork } from "./call-subscriptions.ts";
import { changeItem } from "./change-connection-item.ts";

export type SubscriptionPorts = CallPorts & Pick<Ports, "connections" | "leases" | "partnerSecrets" | "random">;

/** Longer than any function that works a lane: whoever began before that calls nothing any more. */
const leaseMs = 120_000;
const place = "webhooks registration";

/**
 * Makes the partner's registration of a connection's webhooks what is wished. It asks what there is before it makes
 * anything, so that a create whose fate is unknown is found and never doubled: one whose secret is not stored is worth
 * nothing and is removed. A registration counts from when its id and its secret are stored, in one write; what comes before
 * that is refused, and sent again by the partner. One worker at a time, behind a lease.
 */
export async function keepSubscription(
  ports: SubscriptionPorts,
  driver: PartnerDriver,
  job: Pick<Job, "connectionId">,
  context: WorkContext,
): Promise<Outcome> {
  const { connectionId } = job;
  const subscriptions = driver.webhook?.subscriptions;
  if (connectionId === null || subscriptions === undefined) return done;
  const lease = await ports.leases.acquire(`${driver.name}#webhooks#${connectionId}`, leaseMs);
  if (lease.kind === "held") return { kind: "wait", untilMs: lease.expiresAtMs, reason: "subscription" };
  try {
    const connection = await ports.connections.read(driver.name, connectionId);
    if (connection?.subscription === undefined) return done;
    const { subscription, status } = connection;
    const work = { driver, subscriptions, connection, context };
    if (!subscription.wanted || subscriptionsFor(driver, connection) === null)
      return await takeAway(ports, work, subscription);
    if (status !== "active") return { ...waitForPerson(status, ports.clock.nowMs()), connectionId };
    return await keep(ports, work, subscription);
  } finally {
    await ports.leases.release(lease);
  }
}

async function keep(ports: SubscriptionPorts, work: SubscriptionWork, subscription: Subscription): Promise<Outcome> {
  const { connection, subscriptions } = work;
  const listed = await listOurs(ports, work, subscription);
  if (listed.kind !== "ok") return stop(ports, work, listed);
  const known = connection.sealedWebhookSecret === null ? null : subscription.id;
  const mine = listed.value.find((each) => each.id === known && each.url === subscription.url) ?? null;
  const right = mine !== null && isRight(mine, subscriptions, subscription, ports.clock.nowMs());
  const kept = right || subscriptions.renew !== undefined ? mine : null;
  for (const { id } of listed.value) {
    if (id === kept?.id) continue;
    const removed = await remove(ports, work, id);
    if (removed.kind !== "ok") return stop(ports, work, removed);
  }
  if (kept === null) return create(ports, work, subscription);
  if (!right) return renew(ports, work, subscription, kept);
  return store(ports, work, subscription, { found: kept, stored: connection.sealedWebhookSecret, given: null });
}

async function renew(
  ports: SubscriptionPorts,
  work: SubscriptionWork,
  subscription: Subscription,
  { id }: RemoteSubscription,
): Promise<Outcome> {
  const { renew: renewal, events } = work.subscriptions;
  if (renewal === undefined) return done;
  const renewed = await ask(ports, work, renewal.request(id, { url: subscription.url, events }), renewal.read);
  if (renewed.kind !== "ok") return stop(ports, work, renewed);
  const stored = work.connection.sealedWebhookSecret;
  return store(ports, work, subscription, { found: { id, ...renewed.value }, stored, given: null });
}

async function create(ports: SubscriptionPorts, work: SubscriptionWork, subscription: Subscription): Promise<Outcome> {
  const { driver, subscriptions, connection } = work;
  const secret = await ports.partnerSecrets.read(driver.name);
  if (secret === null) return { kind: "wait", untilMs: ports.clock.nowMs() + 60_000, reason: "partner-not-ready" };
  const context = `${connection.partner}#${connection.connectionId}`;
  const sealed = (text: string) => seal(text, secret.connectionKey, context);
  let chosen: string | null = null;
  let stored: string | null = null;
  if (subscriptions.secret === "chosen") {
    const { sealedWebhookSecret } = connection;
    chosen =
      sealedWebhookSecret === null
        ? unguessable(ports.random)
        : unseal(sealedWebhookSecret, secret.connectionKey, context);
    // Stored before it is sent: the partner may use it before it answers.
    stored = sealed(chosen);
    if (!(await storeSecret(ports, connection, subscription, stored))) return done;
  }
  const wanted = { url: subscription.url, events: subscriptions.events, secret: chosen };
  const created = await ask(ports, work, subscriptions.create.request(wanted), subscriptions.create.read);
  if (created.kind !== "ok") return stop(ports, work, created);
  const given = created.value.secret;
  ports.metrics.count("WebhooksSubscribed", 1, { partner: driver.name });
  return store(ports, work, subscription, {
    found: created.value,
    stored,
    given: given === null ? null : sealed(given),
  });
}

async function storeSecret(
  ports: SubscriptionPorts,
  connection: Connection,
  { url }: Subscription,
  sealedWebhookSecret: string,
): Promise<boolean> {
  const stored = await changeItem(ports, connection, (current) =>
    isStillWished(current, url) ? { ...current, sealedWebhookSecret } : null,
  );
  return stored.kind === "stored";
}

interface Made {
  readonly found: Pick<CreatedSubscription, "id" | "expiresAtMs">;
  /** The secret, sealed, that is stored for it, where the partner gave none just now. */
  readonly stored: string | null;
  readonly given: string | null;
}

/**
 * Id and secret in one write. Where nobody wishes it any more, or somebody stored another secret meanwhile, what was just
 * found or made goes again: without its secret it is worth nothing.
 */
async function store(
  ports: SubscriptionPorts,
  work: SubscriptionWork,
  { url }: Subscription,
  { found: { id, expiresAtMs }, stored, given }: Made,
): Promise<Outcome> {
  const result = await changeItem(ports, work.connection, (current, nowMs) => {
    if (current.subscription === undefined || !isStillWished(current, url)) return null;
    if (given === null && current.sealedWebhookSecret !== stored) return null;
    return {
      ...current,
      ...(given !== null && { sealedWebhookSecret: given }),
      subscription: subscribed(current.subscription, { id, expiresAtMs }, nowMs),
    };
  });
  if (result.kind === "stored") return done;
  const removed = await remove(ports, work, id);
  if (removed.kind !== "ok") sayLeft(ports, work, removed.kind === "failed" ? removed.error.code : removed.reason);
  return done;
}

function isStillWished({ subscription }: Connection, url: string): boolean {
  return subscription !== undefined && subscription.wanted && subscription.url === url;
}

type Stopped = { readonly kind: "failed"; readonly error: PartnerError } | Extract<Outcome, { kind: "wait" }>;

/** What will not come right by itself is shown with the connection; everything else is tried again. */
async function stop(ports: SubscriptionPorts, { connection }: SubscriptionWork, stopped: Stopped): Promise<Outcome> {
  if (stopped.kind === "wait") return { ...stopped, connectionId: connection.connectionId };
  const { error } = stopped;
  if (error.kind !== "transient") {
    await changeItem(ports, connection, (current, atMs) => {
      const { subscription } = current;
      if (subscription === undefined) return null;
      return { ...current, subscription: failedLook(subscription, { atMs, code: error.code, message: error.message }) };
    });
  }
  return { kind: "failed", error, place };
}

/** As far as the partner lets us: the connection that waits for it goes one way or the other. */
async function takeAway(
  ports: SubscriptionPorts,
  work: SubscriptionWork,
  subscription: Subscription,
): Promise<Outcome> {
  const listed = await listOurs(ports, work, subscription);
  let left = listed.kind === "ok" ? null : listed;
  for (const { id } of listed.kind === "ok" ? listed.value : []) {
    const removed = await remove(ports, work, id);
    if (removed.kind !== "ok") left ??= removed;
  }
  if (left?.kind === "wait") return left;
  if (left?.kind === "failed") {
    if (left.error.kind === "transient") return { ...left, place };
    sayLeft(ports, work, left.error.code);
  }
  await changeItem(ports, work.connection, ({ subscription: current, ...rest }) =>
    current === undefined || current.wishedAtMs !== subscription.wishedAtMs ? null : rest,
  );
  return done;
}

function sayLeft(ports: SubscriptionPorts, { connection }: SubscriptionWork, code: string): void {
  const { partner, connectionId } = connection;
  ports.metrics.count("WebhooksLeftRegistered", 1, { partner });
  ports.log.warn("a partner may go on sending webhooks to a connection that is gone; remove its registration there", {
    partner,
    connectionId,
    code,
  });
}
