import { join } from "node:path";
import { Stripe } from "stripe";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { slidingWindow } from "../../../lib/engine/gate/limit-declarations.ts";
import { stripe } from "../../../lib/partners/stripe/driver.ts";
import { describePartner } from "../contract.ts";
import { mapThing, thingsOf } from "../contract/resources.ts";
import { readFixture } from "../contract/subject.ts";

const root = join(import.meta.dirname, "../../..");
const read = <Schema extends z.ZodType>(file: string, schema: Schema) => readFixture(root, "stripe", file, schema);

const Pages = z.array(z.looseObject({ data: z.array(z.record(z.string(), z.unknown())) }));
const Events = z.array(
  z.object({
    name: z.string(),
    event: z.looseObject({ object: z.string(), type: z.string() }),
    touches: z.array(
      z.object({ resource: z.enum(["charges", "paymentIntents", "customers"]), externalId: z.string() }),
    ),
    account: z.string().nullable(),
  }),
);
const Vectors = z.array(
  z.object({
    name: z.string(),
    secret: z.string(),
    headers: z.record(z.string(), z.string()),
    body: z.string(),
    now: z.int(),
    valid: z.boolean(),
  }),
);
const Errors = z.array(
  z.object({
    name: z.string(),
    status: z.int(),
    headers: z.record(z.string(), z.string()),
    body: z.unknown(),
    kind: z.enum(["transient", "rate", "client", "auth", "data"]),
    code: z.string(),
    retryAfterMs: z.number().nullable().default(null),
  }),
);

const Subscriptions = z.object({ lists: z.array(z.unknown()), created: z.unknown(), renewed: z.unknown() });

const charges = read("charges.json", Pages);
const paymentIntents = read("payment-intents.json", Pages);
const customers = read("customers.json", Pages);
const events = read("events.json", Events);

/** The events feed as its type filter cuts it, two a page. */
function feedOf(prefix: string) {
  const found = events
    .map(({ event }) => event)
    .filter((event) => event.object === "event" && event.type.startsWith(prefix));
  const starts = found.map((_, index) => index).filter((index) => index % 2 === 0);
  return starts.map((start) => ({
    object: "list",
    data: found.slice(start, start + 2),
    has_more: start + 2 < found.length,
    url: "/v1/events",
  }));
}

const sandboxLimits = [slidingWindow({ per: "account", requests: 25, perMs: 1_000 })];

describePartner(stripe, {
  credentials: {
    accepted: [
      { fields: { apiKey: "sk_live_example" } },
      { fields: { apiKey: "rk_live_example" } },
      { fields: { apiKey: "sk_test_example" }, limits: sandboxLimits },
      { fields: { apiKey: "rk_test_example" }, limits: sandboxLimits },
    ],
    refused: [
      { apiKey: "pk_live_example" },
      { apiKey: "sk_live_" },
      { apiKey: "whsec_example" },
      { apiKey: " sk_live_example" },
      { key: "sk_live_example" },
    ],
  },
  resources: {
    charges: {
      pages: charges,
      required: [
        "id",
        "object",
        "amount",
        "amount_captured",
        "amount_refunded",
        "captured",
        "created",
        "currency",
        "status",
      ],
      gone: [],
      feed: { pages: feedOf("charge."), touches: ["ch_3SluiceExampleA0001", "ch_3SluiceExampleA0004"] },
    },
    paymentIntents: {
      pages: paymentIntents,
      required: ["id", "object", "amount", "amount_received", "created", "currency", "status"],
      gone: [],
      feed: { pages: feedOf("payment_intent."), touches: ["pi_3SluiceExampleA0001"] },
    },
    customers: {
      pages: customers,
      required: ["id", "object", "created"],
      gone: read("customers-gone.json", z.array(z.unknown())),
      feed: {
        pages: feedOf("customer."),
        touches: ["cus_SluiceExample01", "cus_SluiceExample02", "cus_SluiceExample03"],
      },
    },
  },
  webhook: {
    vectors: read("signature-vectors.json", Vectors),
    secret: "whsec_test_secret",
    // Stripe's own package, which shares no code with the driver.
    sign: (body, secret, atMs) => ({
      "Stripe-Signature": Stripe.webhooks.generateTestHeaderString({
        payload: new TextDecoder().decode(body),
        secret,
        timestamp: Math.floor(atMs / 1000),
      }),
    }),
    method: "POST",
    url: "https://hooks.example.com/webhooks/stripe",
    toleranceMs: 300_000,
    events,
    subscriptions: read("webhook-endpoints.json", Subscriptions),
  },
  errors: read("errors.json", Errors),
});

test("changes are asked for by kind and by whole seconds, rounded so that none is left out", () => {
  const queries = Object.values(stripe.resources).map(({ increment }) => increment?.query(1_790_000_000_999));
  expect(queries).toEqual([
    { type: "charge.*", "created[gte]": "1790000000" },
    { type: "payment_intent.*", "created[gte]": "1790000000" },
    { type: "customer.*", "created[gte]": "1790000000" },
  ]);
});

describe("what Stripe's things become", () => {
  const byId = new Map(
    [
      ...thingsOf(stripe.resources.charges, charges).map((raw) => ["charges", raw] as const),
      ...thingsOf(stripe.resources.paymentIntents, paymentIntents).map((raw) => ["paymentIntents", raw] as const),
      ...thingsOf(stripe.resources.customers, customers).map((raw) => ["customers", raw] as const),
    ].map(([resource, raw]) => [z.looseObject({ id: z.string() }).parse(raw).id, { resource, raw }]),
  );

  function record(id: string, over: object = {}): Readonly<Record<string, unknown>> {
    const found = byId.get(id);
    if (found === undefined) throw new Error(`no fixture has the id ${id}`);
    const mapped = mapThing(stripe.resources[found.resource], { ...z.looseObject({}).parse(found.raw), ...over });
    if (mapped.kind === "bad") throw new Error(mapped.why);
    return mapped.data;
  }

  test("a charge", () => {
    const { extra, ...data } = record("ch_3SluiceExampleA0001");
    expect(data).toEqual({
      id: "ch_3SluiceExampleA0001",
      kind: "charge",
      status: "succeeded",
      partnerStatus: "succeeded",
      amount: { amount: "10.99", currency: "USD" },
      received: { amount: "10.99", currency: "USD" },
      refunded: { amount: "0.00", currency: "USD" },
      disputed: false,
      createdAt: "2026-09-21T14:21:40.000Z",
      customerId: "cus_SluiceExample01",
      intentId: "pi_3SluiceExampleA0001",
      description: "Order 6001",
      failure: null,
    });
    expect(extra).toMatchObject({
      captured: true,
      livemode: false,
      metadata: { order_id: "6001", note: "" },
      receipt_number: null,
    });
  });

  test("a payment intent", () => {
    const { extra, ...data } = record("pi_3SluiceExampleA0004");
    expect(data).toEqual({
      id: "pi_3SluiceExampleA0004",
      kind: "intent",
      status: "cancelled",
      partnerStatus: "canceled",
      amount: { amount: "9.00", currency: "USD" },
      received: { amount: "0.00", currency: "USD" },
      createdAt: "2026-09-21T14:16:30.000Z",
      cancelledAt: "2026-09-21T14:16:31.000Z",
      customerId: null,
      chargeId: null,
      description: "",
      failure: null,
    });
    expect(extra).toMatchObject({ cancellation_reason: "abandoned", payment_method_types: ["card"] });
  });

  test("a customer", () => {
    const { extra, ...data } = record("cus_SluiceExample01");
    expect(data).toEqual({
      id: "cus_SluiceExample01",
      name: "Jenny Rosen",
      email: "jenny.rosen@example.com",
      phone: "+15555550100",
      address: {
        line1: "123 Example Street",
        line2: "",
        city: "Springfield",
        region: null,
        postalCode: "00000",
        country: "US",
      },
      description: "Wholesale",
      createdAt: "2026-09-10T00:31:40.000Z",
    });
    expect(extra).toMatchObject({ balance: -500, metadata: { tier: "gold" } });
  });

  test("null, empty and missing stay three things", () => {
    expect(record("cus_SluiceExample02")).toMatchObject({ name: "", address: null, phone: null });
    const third = record("cus_SluiceExample03");
    expect(Object.hasOwn(third, "name") || Object.hasOwn(third, "address")).toBe(false);
    expect(third["email"]).toBeNull();
  });

  test.each([
    [500, "jpy", "500"],
    [5120, "kwd", "5.120"],
    [500, "ugx", "5.00"],
    [500, "isk", "5.00"],
    [500, "mga", "500"],
    [500, "huf", "5.00"],
    [-7, "usd", "-0.07"],
  ])("an amount of %i in %s is %s", (amount, currency, text) => {
    expect(record("ch_3SluiceExampleA0001", { amount, currency })["amount"]).toEqual({
      amount: text,
      currency: currency.toUpperCase(),
    });
  });

  test.each([
    ["ch_3SluiceExampleA0001", {}, "succeeded"],
    ["ch_3SluiceExampleA0002", {}, "authorized"],
    ["ch_3SluiceExampleA0003", {}, "failed"],
    ["py_3SluiceExampleA0005", {}, "pending"],
    ["ch_3SluiceExampleA0006", {}, "cancelled"],
    ["ch_3SluiceExampleA0001", { status: "hovering" }, "unknown"],
    ["pi_3SluiceExampleA0001", {}, "succeeded"],
    ["pi_3SluiceExampleA0002", {}, "authorized"],
    ["pi_3SluiceExampleA0003", {}, "open"],
    ["pi_3SluiceExampleA0005", {}, "open"],
    ["pi_3SluiceExampleA0005", { status: "requires_confirmation" }, "open"],
    ["pi_3SluiceExampleA0005", { status: "processing" }, "pending"],
    ["pi_3SluiceExampleA0005", { status: "hovering" }, "unknown"],
  ])("%s with %j is %s", (id, over, status) => {
    expect(record(id, over)["status"]).toBe(status);
  });

  test("failures keep Stripe's code, or its type where there is no code", () => {
    const declined = { code: "card_declined", message: "Your card was declined." };
    expect(record("ch_3SluiceExampleA0003")["failure"]).toEqual(declined);
    expect(record("pi_3SluiceExampleA0003")["failure"]).toEqual(declined);
    expect(record("pi_3SluiceExampleA0003", { last_payment_error: { type: "api_error" } })["failure"]).toEqual({
      code: "api_error",
    });
  });

  test("client secrets and the URLs that carry them are not kept, however deep they are", () => {
    const source = {
      object: "source",
      client_secret: "src_client_secret_example",
      owner: [{ client_secret: "deeper_secret_example" }],
    };
    for (const data of [record("pi_3SluiceExampleA0005", { source }), record("ch_3SluiceExampleA0001", { source })]) {
      expect(JSON.stringify(data)).not.toContain("secret");
      expect(data["extra"]).toMatchObject({ source: { object: "source", owner: [{}] } });
    }
  });
});
