import * as z from "zod";
import { digestOf } from "../../engine/canonical.ts";
import { definePartner, resource, webhook } from "../../engine/define-partner.ts";
import type { Classified, Increment, ParsedAnswer } from "../../engine/define-partner.ts";
import { slidingWindow } from "../../engine/gate/limit-declarations.ts";
import { nextLinkPages } from "../../engine/pages/next-link.ts";
import { bodyHmac } from "../../engine/signatures/body-hmac.ts";
import { customer } from "../../models/customer.ts";
import { order } from "../../models/order.ts";
import { product } from "../../models/product.ts";
import { referredId, toCustomer, toOrder, toProduct } from "./map.ts";
import { Customer, Order, Product, WebhookBody } from "./schemas.ts";

export type LeaflinkResource = "orders" | "products" | "customers";

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** https://developer.leaflink.com/legacy/v2/api/ref/: limit and offset; of a hundred by what public clients ask for. */
const pages = nextLinkPages({
  items: "results",
  next: "next",
  total: "count",
  limit: { parameter: "limit", size: 100 },
});

/** https://developer.leaflink.com/legacy/v2/brands/api/orders: polling by `modified__gte` is LeafLink's own advice. */
const modifiedSince: Increment = {
  kind: "filter",
  // A change may become readable a little after its own time, and their clock is not ours.
  overlapMs: 10 * minuteMs,
  query: (sinceMs) => ({ modified__gte: new Date(sinceMs).toISOString() }),
};

/**
 * What every resource has. None has a `version`: that `modified` moves with every change (a line, the stock that orders
 * reserve) is nowhere said, and a state that came under an old time would never be taken. The time of the fetch orders them.
 */
const schedule = { page: pages, everyMs: 5 * minuteMs, fullEveryMs: dayMs, increment: modifiedSince };

/** Orders come without their lines unless these are asked for. */
const withLines = { include_children: "line_items" };

export const leaflink = definePartner<LeaflinkResource>({
  name: "leaflink",
  title: "LeafLink",
  docs: "https://developer.leaflink.com/legacy/v2",
  module: import.meta.url,
  baseUrl: "https://app.leaflink.com/api/v2",
  // Asked for: https://developer.leaflink.com/legacy/v2/brands/integration-solutions/best-practices/
  headers: { "User-Agent": "sluice" },
  auth: {
    kind: "header",
    header: "Authorization",
    // https://developer.leaflink.com/legacy/v2/api/authorization: one space; the key is bound to one company.
    prefix: "App ",
    field: "apiKey",
    credential: z.strictObject({ apiKey: z.string().regex(/^[A-Za-z0-9]{16,128}$/) }),
  },
  // https://developer.leaflink.com/legacy/v2/api/authorization: the burst that it also names is not relied on.
  limits: [slidingWindow({ per: "account", requests: 300, perMs: minuteMs })],
  // The keys that one user made share that user's quota, whatever company each is bound to.
  quotaOwner: ({ account, connectionId, settings }) => settings["keyOwner"] || account || connectionId,
  stageSettings: ["keyOwner"],
  classify,
  // For V2 none is documented; the newer API's `RateLimit-*` are read where they come (https://developer.leaflink.com).
  hints: ["retry-after", "rate-limit-fields"],
  webhook: webhook({
    // https://developer.leaflink.com/legacy/v2/brands/webhooks/setup/
    verify: bodyHmac({ header: "ll-signature", algorithm: "sha256", encoding: "base64" }),
    schema: WebhookBody,
    // Deliveries have no id of their own, and no time is signed. What tells when it changed differs from every later one;
    // of a body that does not, a repetition and a second change look alike, and both are followed.
    dedupeKey: (body) => (typeof body["modified"] === "string" ? digestOf(body) : null),
    isReplayable: true,
    touches: ({ number, id }) =>
      number === undefined
        ? [{ resource: "products", externalId: String(id) }]
        : [{ resource: "orders", externalId: number }],
  }),
  // Paths end in a slash, or LeafLink answers 400.
  resources: {
    orders: resource({
      ...schedule,
      model: order,
      path: "/orders-received/",
      query: withLines,
      onePath: (number) => `/orders-received/${number}/`,
      oneQuery: withLines,
      schema: Order,
      id: (raw) => raw.number,
      toRecord: toOrder,
      related: (raw) => {
        const externalId = referredId(raw.customer) ?? null;
        return externalId === null ? [] : [{ resource: "customers", externalId }];
      },
    }),
    products: resource({
      ...schedule,
      model: product,
      path: "/products/",
      onePath: (id) => `/products/${id}/`,
      schema: Product,
      id: (raw) => String(raw.id),
      toRecord: toProduct,
    }),
    customers: resource({
      ...schedule,
      model: customer,
      path: "/customers/",
      onePath: (id) => `/customers/${id}/`,
      schema: Customer,
      id: (raw) => String(raw.id),
      toRecord: toCustomer,
    }),
  },
});

/** Errors of V2 are not documented; these two are read with care because of what a wrong reading would do. */
function classify({ status, headers, body }: ParsedAnswer): Classified | null {
  // "Not found" as a page of text is said of the path by a server in between, not of the one thing by the API: taken for a
  // deletion, an API that moved away would empty the records.
  if (status === 404 && (typeof body !== "object" || body === null)) return { kind: "client", code: "no-such-path" };
  // A minute's quota comes back slowly, and no `Retry-After` is promised: a second later the answer would be the same.
  if (status === 429 && headers["retry-after"] === undefined)
    return { kind: "rate", code: "http-429", retryAfterMs: 5_000 };
  return null;
}
