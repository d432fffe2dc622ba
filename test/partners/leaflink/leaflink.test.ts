import { createHmac } from "node:crypto";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { scopesFor } from "../../../lib/engine/limits.ts";
import { urlFor } from "../../../lib/engine/request-url.ts";
import { leaflink } from "../../../lib/partners/leaflink/driver.ts";
import { describePartner } from "../contract.ts";
import { mapThing, thingsOf } from "../contract/resources.ts";
import { readFixture } from "../contract/subject.ts";

const root = join(import.meta.dirname, "../../..");
const read = <Schema extends z.ZodType>(file: string, schema: Schema) => readFixture(root, "leaflink", file, schema);

const Pages = z.array(z.looseObject({ results: z.array(z.record(z.string(), z.unknown())) }));
const Events = z.array(
  z.object({
    name: z.string(),
    event: z.record(z.string(), z.unknown()),
    touches: z.array(z.object({ resource: z.enum(["orders", "products", "customers"]), externalId: z.string() })),
    account: z.string().nullable(),
  }),
);
const Headers = z.record(z.string(), z.string());
const Vectors = z.array(
  z.object({
    name: z.string(),
    secret: z.string(),
    headers: Headers,
    body: z.string(),
    now: z.int(),
    valid: z.boolean(),
  }),
);
const Errors = z.array(
  z.object({
    name: z.string(),
    status: z.int(),
    headers: Headers,
    body: z.unknown(),
    kind: z.enum(["transient", "rate", "client", "auth", "data"]),
    code: z.string(),
    retryAfterMs: z.number().nullable().default(null),
  }),
);

const orders = read("orders.json", Pages);
const products = read("products.json", Pages);
const customers = read("customers.json", Pages);
const key = "0000example1111example2222example3333example";

describePartner(leaflink, {
  credentials: {
    accepted: [{ fields: { apiKey: key } }],
    refused: [{ apiKey: `App ${key}` }, { apiKey: ` ${key}` }, { apiKey: "short" }, { token: key }],
  },
  resources: {
    orders: { pages: orders, required: ["number", "status", "created_on"], gone: [], feed: null },
    products: { pages: products, required: ["id", "name", "listing_state"], gone: [], feed: null },
    customers: { pages: customers, required: ["id", "created_on"], gone: [], feed: null },
  },
  webhook: {
    vectors: read("signature-vectors.json", Vectors),
    secret: "company-webhook-key",
    sign: (body, secret) => ({ "LL-Signature": createHmac("sha256", secret).update(body).digest("base64") }),
    method: "POST",
    url: "https://hooks.example.com/webhooks/leaflink",
    toleranceMs: null,
    events: read("events.json", Events),
  },
  errors: read("errors.json", Errors),
});

describe("calls", () => {
  const paths = Object.values(leaflink.resources).flatMap(({ path, onePath }) => [path, onePath("7")]);

  test.each(paths)("%s ends in a slash, in its URL too", (path) => {
    const url = new URL(urlFor(leaflink, { method: "GET", path, query: { limit: "100" }, endpoint: "" }) ?? "");
    expect(url.pathname).toMatch(/^\/api\/v2\/.+[^/]\/$/);
  });

  test("a next link is followed as it came, and to LeafLink's host alone", () => {
    const { page } = leaflink.resources.orders;
    const [first] = orders;
    const { next } = page.read(first, null);
    const call = page.request(next);
    if (call.kind !== "url") throw new Error("a next link is a URL");
    const follow = (path: string) => urlFor(leaflink, { method: "GET", path, query: {}, endpoint: "" });
    expect(follow(call.url)).toBe(first?.["next"]);
    expect(follow(call.url.replace("app.leaflink.com", "app.leaflink.com.example.com"))).toBeNull();
    expect(follow(call.url.replace("https:", "http:"))).toBeNull();
  });

  test("changes are asked for by `modified__gte`, to the millisecond", () => {
    const queries = Object.values(leaflink.resources).map(({ increment }) => increment?.query(1_790_000_000_999));
    const wanted = { modified__gte: "2026-09-21T14:13:20.999Z" };
    expect(queries).toEqual([wanted, wanted, wanted]);
  });

  test("orders are asked for with their lines, in lists and alone", () => {
    const { query, oneQuery } = leaflink.resources.orders;
    expect([query, oneQuery]).toEqual([{ include_children: "line_items" }, { include_children: "line_items" }]);
  });
});

describe("the limit", () => {
  const itemOf = (connectionId: string, settings: Readonly<Record<string, string>>, account: string | null = null) =>
    scopesFor(leaflink, { connectionId, account, settings }, { endpoint: "GET /products/" }, {}).map(
      ({ item, rule }) => ({ item, rule }),
    );

  test("is one for all keys of an owner", () => {
    expect(itemOf("a", { keyOwner: "u7" })).toEqual([
      { item: "leaflink#u7", rule: { kind: "slidingWindow", requests: 300, perMs: 60_000 } },
    ]);
    expect(itemOf("b", { keyOwner: "u7" }, "company-2")).toEqual(itemOf("a", { keyOwner: "u7" }));
    expect(itemOf("b", { keyOwner: "u8" })).not.toEqual(itemOf("a", { keyOwner: "u7" }));
  });

  test("is the account's where no owner is known, else the connection's", () => {
    expect(itemOf("a", {}, "company-1")[0]?.item).toBe("leaflink#company-1");
    expect(itemOf("a", { keyOwner: "" })[0]?.item).toBe("leaflink#a");
  });
});

describe("what LeafLink's things become", () => {
  const things = { orders, products, customers } as const;

  function record(name: keyof typeof things, index: number, over: object = {}): Readonly<Record<string, unknown>> {
    const raw = thingsOf(leaflink.resources[name], things[name])[index];
    const mapped = mapThing(leaflink.resources[name], { ...z.looseObject({}).parse(raw), ...over });
    if (mapped.kind === "bad") throw new Error(mapped.why);
    return mapped.data;
  }

  test("an order with its lines", () => {
    const { extra, ...data } = record("orders", 0);
    expect(data).toMatchObject({
      id: "aec108ac-a1f4-40fa-966e-a12fa9bf6e2f",
      number: "a9bf6e2f",
      status: "accepted",
      partnerStatus: "Accepted",
      customerId: "148515",
      total: { amount: "594.00", currency: "USD" },
      tax: { amount: "0.00", currency: "USD" },
      shipping: { amount: "0.00", currency: "USD" },
      credits: { amount: "420.10", currency: "USD" },
      balance: { amount: "594.00", currency: "USD" },
      paid: false,
      paidDay: null,
      dueAt: null,
      shippedAt: null,
      note: "",
      createdAt: "2026-06-10T21:15:03.776Z",
      updatedAt: "2026-06-10T22:14:49.494Z",
      deliveryAddress: {
        line1: "17034 Example Highway",
        line2: "1A",
        city: "Moffat",
        region: "CO",
        postalCode: "81143",
      },
    });
    expect(data["lines"]).toMatchObject([
      {
        id: "900101",
        productId: "77881",
        quantity: "5",
        unit: "Unit",
        unitPrice: { amount: "108.00", currency: "USD" },
        isSample: false,
        note: null,
        extra: { unit_multiplier: 12, wholesale_price: "108.00" },
      },
      { id: "900102", productId: "77882", quantity: "1.5", unitPrice: { amount: "0.01", currency: "USD" }, note: "" },
    ]);
    expect(extra).toMatchObject({
      modified: "2026-06-10T16:14:49.494713-06:00",
      created_on: "2026-06-10T15:15:03.776119-06:00",
      customer: { id: 148515, display_name: "Example Dispensary" },
      external_ids: { "my-system": "45897" },
      available_transitions: ["fulfilled", "rejected"],
    });
    expect(Object.keys(z.looseObject({}).parse(extra))).not.toContain("total");
  });

  test("an order whose types are the other ones", () => {
    expect(record("orders", 1)).toMatchObject({
      status: "shipped",
      total: { amount: "1204.50", currency: "USD" },
      tax: { amount: "12.50", currency: "USD" },
      balance: { amount: "1204.50", currency: "USD" },
      paidDay: "2026-06-12",
      dueAt: "2026-06-18T00:00:00.000Z",
      shippedAt: "2026-06-11T15:00:00.000Z",
      deliveryAddress: null,
      note: null,
      lines: [],
    });
  });

  test("a bare amount without a currency anywhere is kept and not guessed at", () => {
    const data = record("orders", 2);
    expect(data).toMatchObject({ status: "cancelled", customerId: null, total: null });
    expect(data["extra"]).toMatchObject({ credits: "420.10", payment_balance: 594 });
    for (const field of ["credits", "balance", "tax", "lines", "note", "deliveryAddress"])
      expect(Object.hasOwn(data, field)).toBe(false);
  });

  test.each([
    ["Draft", "draft"],
    ["Submitted", "submitted"],
    ["Accepted", "accepted"],
    ["Backorder", "backordered"],
    ["Fulfilled", "fulfilled"],
    ["Shipped", "shipped"],
    ["Complete", "completed"],
    ["Rejected", "rejected"],
    ["Combined", "combined"],
    ["Cancelled", "cancelled"],
    ["Hovering", "unknown"],
  ])("an order that is %s is %s", (theirs, ours) => {
    expect(record("orders", 0, { status: theirs })).toMatchObject({ status: ours, partnerStatus: theirs });
  });

  test.each([
    ["Available", "available"],
    ["Sample", "available"],
    ["Backorder", "available"],
    ["Internal", "unavailable"],
    ["Unavailable", "unavailable"],
    ["Archived", "archived"],
    ["Hovering", "unknown"],
  ])("a product that is %s is %s", (theirs, ours) => {
    expect(record("products", 0, { listing_state: theirs })).toMatchObject({ status: ours, partnerStatus: theirs });
  });

  test("a product", () => {
    expect(record("products", 0)).toMatchObject({
      id: "77881",
      sku: "EXA-BAR-DAR-100",
      wholesalePrice: { amount: "108.00", currency: "USD" },
      retailPrice: { amount: "18.00", currency: "USD" },
      unit: "Unit",
      quantity: "800",
      quantityReserved: "120",
      quantityAvailable: "680",
      parentId: null,
      createdAt: "2026-02-19T06:36:22.353Z",
      extra: { license: { number: "404R-00000" }, modified: "2026-06-11T15:53:07.137980-06:00" },
    });
    expect(record("products", 1)).toMatchObject({
      status: "archived",
      sku: null,
      description: "",
      retailPrice: { amount: "18.50", currency: "USD" },
      quantity: "0",
      quantityReserved: null,
      parentId: "77881",
    });
    expect(record("products", 2)).toMatchObject({ id: "77883", parentId: "77881", extra: { wholesale_price: "9.99" } });
  });

  test("a customer, and null, empty and missing stay three things", () => {
    expect(record("customers", 0)).toMatchObject({
      id: "148515",
      name: "Example Dispensary",
      email: "buyer@example.com",
      archived: false,
      description: "",
      address: { line1: "17034 Example Highway", line2: "", city: "Moffat", region: "CO", postalCode: "81143" },
      createdAt: "2026-01-05T16:30:00.123Z",
    });
    expect(record("customers", 1)).toMatchObject({ archived: true, email: null, address: { line1: null } });
    const sparse = record("customers", 2);
    expect(sparse["name"]).toBeNull();
    expect(Object.hasOwn(sparse, "email") || Object.hasOwn(sparse, "address")).toBe(false);
  });

  test("numbers and the texts of them come to one record", () => {
    const texts = { total: { amount: "594.0", currency: "usd" }, payment_balance: "594.000", credits: 420.1 };
    const { extra: _, ...asTexts } = record("orders", 0, texts);
    const { extra: __, ...asTheyCame } = record("orders", 0);
    expect(asTexts).toEqual(asTheyCame);
  });

  test.each([
    { total: {} },
    { total: "twelve" },
    { total: { amount: 1 } },
    { customer: {} },
    { modified: "yesterday" },
  ])("%j is no order", (over) => {
    expect(() => record("orders", 0, over)).toThrow(Object.keys(over)[0]);
  });
});

test("an order speaks of its customer, in whatever form, and of nobody where there is none", () => {
  const { related, schema } = leaflink.resources.orders;
  const [first] = thingsOf(leaflink.resources.orders, orders);
  const of = (customer: unknown) =>
    related?.(schema.parse(JSON.parse(JSON.stringify({ ...z.looseObject({}).parse(first), customer }))));
  const known = [{ resource: "customers", externalId: "148515" }];
  expect([of({ id: 148515 }), of(148515), of("148515"), of(null), of(undefined)]).toEqual([
    known,
    known,
    known,
    [],
    [],
  ]);
});
