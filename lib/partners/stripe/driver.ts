import * as z from "zod";
import { definePartner, feed, resource, webhook } from "../../engine/define-partner.ts";
import type {
  CallingConnection,
  Classified,
  FeedIncrement,
  LimitDeclaration,
  ParsedAnswer,
} from "../../engine/define-partner.ts";
import { slidingWindow } from "../../engine/gate/limit-declarations.ts";
import { keysetPages } from "../../engine/pages/keyset.ts";
import { stripeSignature } from "../../engine/signatures/stripe.ts";
import { customer } from "../../models/customer.ts";
import { payment } from "../../models/payment.ts";
import { touchedIds, touchesOf } from "./events.ts";
import type { StripeResource } from "./events.ts";
import { toCharge, toCustomer, toPaymentIntent } from "./map.ts";
import { stripeSubscriptions } from "./subscriptions.ts";
import { Charge, Customer, ErrorBody, PaymentIntent, SnapshotEvent, WebhookEvent } from "./schemas.ts";

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** https://docs.stripe.com/api/pagination: at most 100 a page, newest first. */
const pages = keysetPages({
  items: "data",
  more: "has_more",
  id: "id",
  after: "starting_after",
  limit: { parameter: "limit", size: 100 },
});

/** https://docs.stripe.com/rate-limits: 25 a second for each endpoint, inside 100 a second for the account. */
const liveLimits: readonly LimitDeclaration[] = [
  slidingWindow({ per: "account", requests: 100, perMs: 1_000 }),
  slidingWindow({ per: "endpoint", requests: 25, perMs: 1_000 }),
];
/** The whole of a sandbox has what one endpoint has live. */
const sandboxLimits: readonly LimitDeclaration[] = [slidingWindow({ per: "account", requests: 25, perMs: 1_000 })];

/** Lists cannot be filtered by change, so the events say what changed. https://docs.stripe.com/api/events/list */
function eventsFeed(name: StripeResource, type: string): FeedIncrement {
  return feed({
    // An event may become readable a little after its own time.
    overlapMs: 5 * minuteMs,
    // Stripe keeps events for 30 days; two are left for a run that takes long.
    reachMs: 28 * dayMs,
    path: "/events",
    page: pages,
    query: (sinceMs) => ({ type, "created[gte]": String(Math.max(0, Math.floor(sinceMs / 1000))) }),
    schema: SnapshotEvent,
    touches: touchedIds(name),
  });
}

/** What every resource has: a look at the events every five minutes, and everything once a week in case one was missed. */
function schedule(name: StripeResource, type: string) {
  return { page: pages, everyMs: 5 * minuteMs, fullEveryMs: 7 * dayMs, increment: eventsFeed(name, type) };
}

export const stripe = definePartner<StripeResource>({
  name: "stripe",
  title: "Stripe",
  docs: "https://docs.stripe.com/api",
  module: import.meta.url,
  baseUrl: "https://api.stripe.com/v1",
  // Without it the account's own default version answers: https://docs.stripe.com/api/versioning
  headers: { "Stripe-Version": "2026-07-29.dahlia" },
  headersFor: onBehalfOf,
  auth: {
    kind: "header",
    header: "Authorization",
    prefix: "Bearer ",
    field: "apiKey",
    credential: z.strictObject({ apiKey: z.string().regex(/^(sk|rk)_(live|test)_[A-Za-z0-9_]{1,240}$/) }),
  },
  limits: liveLimits,
  quotaOwner: ({ account, connectionId, settings }) =>
    settings["key"] === "platform" ? "platform" : (account ?? connectionId),
  stageSettings: ["key"],
  limitsFor: ({ apiKey }) => (/^(sk|rk)_test_/.test(apiKey ?? "") ? sandboxLimits : liveLimits),
  // Another call holds the object: https://docs.stripe.com/api/errors
  failures: { 409: "transient" },
  classify,
  // https://docs.stripe.com/rate-limits: the reason is in a header of its own; `Retry-After` is not promised, and read where it comes.
  hints: ["retry-after", "stripe-reason"],
  webhook: webhook({
    verify: stripeSignature,
    schema: WebhookEvent,
    dedupeKey: (event) => event.id,
    // Connect: whose event it is.
    account: (event) => (event.object === "event" ? event.account : event.context) ?? null,
    touches: touchesOf,
    // Connect: the account took away the platform's access. https://docs.stripe.com/connect/webhooks
    revokes: (event) => event.type === "account.application.deauthorized",
    subscriptions: stripeSubscriptions("2026-07-29.dahlia"),
  }),
  resources: {
    charges: resource({
      ...schedule("charges", "charge.*"),
      model: payment,
      path: "/charges",
      onePath: (id) => `/charges/${id}`,
      schema: Charge,
      id: (raw) => raw.id,
      toRecord: toCharge,
    }),
    paymentIntents: resource({
      ...schedule("paymentIntents", "payment_intent.*"),
      model: payment,
      path: "/payment_intents",
      onePath: (id) => `/payment_intents/${id}`,
      schema: PaymentIntent,
      id: (raw) => raw.id,
      toRecord: toPaymentIntent,
    }),
    customers: resource({
      ...schedule("customers", "customer.*"),
      model: customer,
      path: "/customers",
      onePath: (id) => `/customers/${id}`,
      schema: Customer,
      id: (raw) => raw.id,
      gone: (raw) => raw.deleted === true,
      toRecord: toCustomer,
    }),
  },
});

/**
 * With the platform's own key, calls are made for one of its connected accounts, by a header:
 * https://docs.stripe.com/connect/authentication. A setting that is not understood sends nothing: without the header the
 * platform's own things would come and be taken for the account's.
 */
function onBehalfOf({ account, settings }: CallingConnection): Readonly<Record<string, string>> | null {
  const key = settings["key"] ?? "own";
  if (key === "own") return {};
  return key === "platform" && /^acct_[A-Za-z0-9]{1,60}$/.test(account ?? "")
    ? { "Stripe-Account": account ?? "" }
    : null;
}

/**
 * Where Stripe's own word goes beyond the status: https://docs.stripe.com/rate-limits, https://docs.stripe.com/error-low-level
 * `Stripe-Should-Retry: false` is not followed on a 5xx: it speaks of a POST whose stored answer would come again.
 */
function classify({ status, headers, body }: ParsedAnswer): Classified | null {
  const { error } = ErrorBody.safeParse(body).data ?? {};
  if (status < 400) return error === undefined ? null : errorInside(error);
  // Somebody else holds a lock on the object. It is no quota, which names its limiter in a header.
  if (error?.code === "lock_timeout" && headers["stripe-rate-limited-reason"] === undefined) {
    return { kind: "transient", code: "lock_timeout" };
  }
  if (error?.code === "rate_limit") return { kind: "rate", code: "rate_limit" };
  // The last thing of the page before was deleted since, and pages cannot go on from it: https://github.com/stripe/stripe-go/issues/1030
  if (error?.code === "resource_missing" && error.param === "starting_after")
    return { kind: "client", code: "cursor-gone" };
  const shouldRetry = headers["stripe-should-retry"];
  if (shouldRetry === "true" && status !== 429) return { kind: "transient", code: `http-${status}` };
  if (shouldRetry === "false" && status === 409) return { kind: "client", code: "http-409" };
  return null;
}

function errorInside(error: z.infer<typeof ErrorBody>["error"]): Classified {
  const code = error.code ?? error.type ?? "error-inside";
  if (error.code === "rate_limit") return { kind: "rate", code };
  return { kind: error.type === "api_error" ? "transient" : "client", code };
}
