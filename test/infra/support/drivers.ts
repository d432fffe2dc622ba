import * as z from "zod";
import type { PartnerDriver, WebhookDriver } from "../../../lib/engine/define-partner.ts";
import type { SubscriptionDriver } from "../../../lib/engine/subscription-driver.ts";
import { googlePubSubWebhooks } from "../../../lib/engine/signatures/google-pub-sub-webhooks.ts";
import { ownTokenWebhooks } from "../../../lib/engine/signatures/own-token-webhooks.ts";
import { secretPath } from "../../../lib/engine/signatures/secret-path.ts";

/** A driver with just what the stacks read: synthesis must need nothing else of it. */
export function driverNamed(name: string): PartnerDriver {
  return { ...silentDriver(name), webhook };
}

/** One that sends no webhooks. */
export function silentDriver(name: string): PartnerDriver {
  return {
    name,
    title: name.toUpperCase(),
    docs: `https://${name}.example/docs`,
    baseUrl: `https://api.${name}.example`,
    auth: {
      kind: "header",
      header: "authorization",
      prefix: "Bearer ",
      field: "apiKey",
      credential: z.object({ apiKey: z.string() }),
    },
    limits: [],
    resources: {},
  };
}

/** One whose webhooks are signed under keys that it publishes. */
export function publishingDriver(name: string): PartnerDriver {
  return { ...silentDriver(name), webhook: { ...webhook, verify: googlePubSubWebhooks } };
}

/** One that fetches the token that it sends us. */
export function askingDriver(name: string): PartnerDriver {
  return { ...silentDriver(name), webhook: { ...webhook, verify: ownTokenWebhooks(name) } };
}

/** One that signs nothing: a word in the address is its proof. */
export function wordyDriver(name: string): PartnerDriver {
  return { ...silentDriver(name), webhook: { ...webhook, verify: secretPath } };
}

/** The same driver, if its signatures held no time: its deliveries are remembered. */
export function replayable(driver: PartnerDriver): PartnerDriver {
  return { ...driver, webhook: { ...webhook, isReplayable: true } };
}

/** One that registers its webhooks itself. */
export function subscribingDriver(name: string): PartnerDriver {
  const call = () => ({ method: "GET", path: "/", query: {}, endpoint: "GET /" }) as const;
  const subscriptions: SubscriptionDriver = {
    secret: "returned",
    events: [],
    list: { request: call, read: () => ({ items: [], next: null }) },
    create: { request: call, read: () => ({ id: "1", secret: null, expiresAtMs: null }) },
    remove: call,
  };
  return { ...silentDriver(name), webhook: { ...webhook, subscriptions } };
}

/** One whose tokens run out. */
export function renewingDriver(name: string): PartnerDriver {
  return {
    ...driverNamed(name),
    auth: {
      kind: "client-credentials",
      tokenUrl: `https://api.${name}.example/token`,
      parameters: {},
      tokensPerDay: null,
      credential: z.object({ clientId: z.string(), clientSecret: z.string() }),
    },
  };
}

const webhook: WebhookDriver = {
  verify: () => ({ ok: false, reason: "no-secret" }),
  schema: z.unknown(),
  dedupeKey: () => "",
  touches: () => [],
};
