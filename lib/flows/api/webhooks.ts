import * as z from "zod";
import type { Connection } from "../../engine/ports.ts";
import { subscriptionsFor } from "../../engine/subscription-driver.ts";
import type { SubscriptionDriver } from "../../engine/subscription-driver.ts";
import { statusOf } from "../../engine/subscription.ts";
import { wishSubscription } from "../subscriptions/wish-subscription.ts";
import { actorOf } from "./actor.ts";
import { driverOf, findConnection } from "./find-connection.ts";
import { notFound, problem } from "./problem.ts";
import type { ApiPorts } from "./request.ts";
import { route } from "./route.ts";
import { isoTime } from "./time.ts";

/** How a connection's webhooks are registered with its partner. */
export const webhookRoutes = [
  route({
    method: "GET",
    path: "/connections/{id}/webhooks",
    needs: "viewer",
    reach: "tenant",
    query: z.strictObject({}),
    handle: async (ports, { params }) => {
      const connection = await findConnection(ports, params.id);
      return { status: 200, data: viewOf(connection, subscriptionsOf(ports, connection)) };
    },
  }),
  route({
    method: "POST",
    path: "/connections/{id}/webhooks",
    needs: "operator",
    reach: "tenant",
    query: z.strictObject({}),
    body: z.strictObject({}),
    handle: async (ports, { params, request }) => {
      const connection = await findConnection(ports, params.id);
      const subscriptions = subscriptionsOf(ports, connection);
      const { title } = driverOf(ports, connection);
      const path = `/webhooks/${connection.partner}/${connection.connectionId}`;
      if (subscriptions === null) {
        const message = `${title}'s webhooks are not registered for this connection: a person gives ${title} the address ${path} of this API, or the app's own, and its secret to us. See docs/partners/${connection.partner}.md.`;
        throw problem(409, "registered-by-hand", message);
      }
      if (request.origin === undefined)
        throw problem(409, "no-address", "This API does not know under which address it is reached.");
      const wished = await wishSubscription(ports, connection, request.origin + path, actorOf(request));
      if (wished === null) throw notFound("such connection");
      return { status: 202, data: viewOf(wished, subscriptions) };
    },
  }),
];

function subscriptionsOf(ports: Pick<ApiPorts, "partners">, connection: Connection): SubscriptionDriver | null {
  return subscriptionsFor(driverOf(ports, connection), connection);
}

function viewOf(
  { connectionId, subscription, sealedWebhookSecret }: Connection,
  subscriptions: SubscriptionDriver | null,
): Readonly<Record<string, unknown>> {
  const { error } = subscription ?? {};
  return {
    connectionId,
    isRegisteredByHand: subscriptions === null,
    status: statusOf(subscription),
    url: subscription?.url ?? null,
    subscriptionId: subscription?.id ?? null,
    events: subscriptions?.events ?? [],
    hasWebhookSecret: sealedWebhookSecret !== null,
    checkedAt: isoTime(subscription?.checkedAtMs ?? null),
    expiresAt: isoTime(subscription?.expiresAtMs ?? null),
    nextLookAt: isoTime(subscription?.nextLookMs ?? null),
    error: error === undefined ? null : { at: isoTime(error.atMs), code: error.code, message: error.message },
  };
}
