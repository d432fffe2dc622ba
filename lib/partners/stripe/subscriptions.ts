import * as z from "zod";
import type { SubscriptionDriver } from "../../engine/subscription-driver.ts";

/**
 * Everything that touches a charge, a payment intent or a customer (`touchesOf`). Patterns are not taken, only `*`, which
 * would bring events that nobody follows: https://docs.stripe.com/api/events/types
 */
const events: readonly string[] = [
  "charge.captured",
  "charge.dispute.closed",
  "charge.dispute.created",
  "charge.dispute.funds_reinstated",
  "charge.dispute.funds_withdrawn",
  "charge.dispute.updated",
  "charge.expired",
  "charge.failed",
  "charge.pending",
  "charge.refund.updated",
  "charge.refunded",
  "charge.succeeded",
  "charge.updated",
  "customer.created",
  "customer.deleted",
  "customer.discount.created",
  "customer.discount.deleted",
  "customer.discount.updated",
  "customer.updated",
  "payment_intent.amount_capturable_updated",
  "payment_intent.canceled",
  "payment_intent.created",
  "payment_intent.partially_funded",
  "payment_intent.payment_failed",
  "payment_intent.processing",
  "payment_intent.requires_action",
  "payment_intent.succeeded",
  "refund.created",
  "refund.failed",
  "refund.updated",
];

const path = "/webhook_endpoints";

/**
 * https://docs.stripe.com/api/webhook_endpoints: at most 16 an account, which end by themselves never. Its secret is in the
 * answer to the create alone, and stays through updates.
 *
 * @param apiVersion what the events are written in: without it the account's own default, whatever that is
 */
export function stripeSubscriptions(apiVersion: string): SubscriptionDriver {
  return {
    secret: "returned",
    // An account that a platform's key speaks for is served by the platform's own endpoint.
    serves: ({ settings }) => (settings["key"] ?? "own") === "own",
    events,
    list: {
      request: (after) => ({
        method: "GET",
        path,
        query: { limit: "100", ...(after !== null && { starting_after: after }) },
        endpoint: `GET ${path}`,
      }),
      read(body) {
        const { data, has_more: more } = Endpoints().parse(body);
        const items = data.map(({ id, url, enabled_events, status }) => ({
          id,
          url,
          events: enabled_events,
          isActive: status === "enabled",
          expiresAtMs: null,
        }));
        return { items, next: more ? (items.at(-1)?.id ?? null) : null };
      },
    },
    create: {
      request: ({ url }) => ({
        method: "POST",
        path,
        query: {},
        endpoint: `POST ${path}`,
        form: [["url", url], ["api_version", apiVersion], ["description", "Sluice"], ...eventFields],
      }),
      read(body) {
        const { id, secret } = Created().parse(body);
        return { id, secret, expiresAtMs: null };
      },
    },
    // Also how one is enabled again that Stripe has switched off, as it does with what has failed for days.
    renew: {
      request: (id) => ({
        method: "POST",
        path: `${path}/${encodeURIComponent(id)}`,
        query: {},
        endpoint: `POST ${path}/{id}`,
        form: [["disabled", "false"], ...eventFields],
      }),
      read(body) {
        Endpoint().parse(body);
        return { expiresAtMs: null };
      },
    },
    remove: (id) => ({
      method: "DELETE",
      path: `${path}/${encodeURIComponent(id)}`,
      query: {},
      endpoint: `DELETE ${path}/{id}`,
    }),
  };
}

const eventFields: readonly (readonly [string, string])[] = events.map((name) => ["enabled_events[]", name]);

// Made when they are needed: the webhook function loads this file, and never asks for any of it.
const Id = () => z.string().min(1).max(255);
const Endpoint = () =>
  z.looseObject({ id: Id(), url: z.string(), enabled_events: z.array(z.string()), status: z.string() });
const Endpoints = () => z.looseObject({ data: z.array(Endpoint()), has_more: z.boolean() });
const Created = () => z.looseObject({ id: Id(), secret: z.string().startsWith("whsec_").max(500) });
