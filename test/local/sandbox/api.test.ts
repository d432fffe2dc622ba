import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Stripe } from "stripe";
import { expect, test } from "vitest";
import { sandbox } from "../../../lib/partners/stripe/sandbox.ts";
import { ManualClock } from "./support/manual-clock.ts";
import {
  change,
  idOf,
  ledgerObjects,
  ledgerSummary,
  openSandbox,
  temporaryFolder,
  testKey,
} from "./support/open-sandbox.ts";

const seed = { charges: 200, paymentIntents: 150, customers: 80 };

test.each([
  ["no key", {}],
  ["another key", { authorization: "Bearer sk_test_somethingElse99" }],
  ["a live key", { authorization: `Bearer ${testKey.replace("test", "live")}` }],
  ["a scheme that is none", { authorization: testKey }],
])("%s is a stranger's and shows nothing of the key", async (_, headers) => {
  const open = await openSandbox();
  const response = await fetch(`${open.url}/v1/charges`, { headers });
  expect(response.status).toBe(401);
  const text = await response.text();
  expect(JSON.parse(text)).toMatchObject({ error: { type: "invalid_request_error" } });
  expect(text).not.toContain("somethingElse");
});

test("the key may come as the user of Basic", async () => {
  const open = await openSandbox();
  const authorization = `Basic ${Buffer.from(`${testKey}:`).toString("base64")}`;
  expect((await fetch(`${open.url}/v1/charges`, { headers: { authorization } })).status).toBe(200);
});

test("versions that it does not serve are refused, the one asked for is named", async () => {
  const open = await openSandbox();
  const served = await open.call("/v1/charges", { headers: { "stripe-version": "2026-07-29.dahlia" } });
  expect([served.status, served.headers.get("stripe-version")]).toEqual([200, "2026-07-29.dahlia"]);
  expect((await open.call("/v1/charges", { headers: { "stripe-version": "2019-01-01" } })).status).toBe(400);
  expect((await open.call("/v1/charges", { headers: { "stripe-account": "acct_other" } })).status).toBe(403);
});

test("keys of other forms open no account, and no key reaches the disk", async () => {
  const dataDir = temporaryFolder();
  const open = await openSandbox({ dataDir });
  const liveKey = testKey.replace("test", "live");
  await expect(open.control("POST", "/__sandbox/accounts", { key: liveKey })).rejects.toThrow("sk_test_");
  await open.call("/v1/charges");
  expect(readFileSync(join(dataDir, "stripe", "journal.jsonl"), "utf8")).not.toContain(testKey);
});

test("seeds are the same wherever they are sown, and name one another truly", async () => {
  const clock = new ManualClock();
  const open = await openSandbox({ clock, account: { seed } });
  const other = await openSandbox({ clock, account: { seed } });
  const objects = await ledgerObjects(open);
  expect(await ledgerObjects(other)).toEqual(objects);
  const ids = new Set(objects.map(({ id }) => id));
  expect(ids.size).toBe(430);
  const named = objects.flatMap(({ state }) => [state["customer"], state["payment_intent"], state["latest_charge"]]);
  const known = named.filter((id) => typeof id === "string");
  expect(known.length).toBeGreaterThan(300);
  expect(known.filter((id) => !ids.has(id))).toEqual([]);
});

test("money comes in whole minor units of currencies with none, two and three decimals", async () => {
  const open = await openSandbox({ account: { seed } });
  const charges = (await ledgerObjects(open, "&type=charge")).map(({ state }) => state);
  const amounts = (currency: string) =>
    charges.filter((charge) => charge["currency"] === currency).map((charge) => Number(charge["amount"]));
  for (const currency of ["usd", "eur", "gbp", "jpy", "kwd"]) expect(amounts(currency).length).toBeGreaterThan(5);
  expect(charges.every((charge) => Number.isInteger(charge["amount"]))).toBe(true);
  expect(amounts("kwd").filter((amount) => amount % 10 !== 0)).toEqual([]);
  expect(amounts("jpy").some((amount) => amount % 10 !== 0)).toBe(true);
});

test("people in it are examples only", async () => {
  const open = await openSandbox({ account: { seed } });
  const text = JSON.stringify(await ledgerObjects(open));
  expect((text.match(/[\w.-]+@[\w.-]+/g) ?? []).filter((address) => !address.endsWith("@example.com"))).toEqual([]);
  expect((text.match(/\+\d{9,}/g) ?? []).filter((phone) => !/^\+1555555\d{4}$/.test(phone))).toEqual([]);
});

test("events tell of every change, newest first, and can be asked for by type", async () => {
  const open = await openSandbox({ account: { seed } });
  const updates = await change(open, { type: "update", resource: "charges", count: 6 });
  const removal = await change(open, { type: "delete", count: 1 });
  const made = [...updates.events, ...removal.events].map(({ id }) => id);
  const all = await open.stripe.events.list({ limit: 100 });
  expect(all.data.map(({ id }) => id)).toEqual(made.toReversed());
  const wild = await open.stripe.events.list({ type: "charge.*", limit: 100 });
  expect(wild.data.map(({ type }) => type).every((type) => type.startsWith("charge."))).toBe(true);
  expect(wild.data).toHaveLength(6);
  const named = await open.stripe.events.list({ types: ["customer.deleted", "charge.updated"], limit: 100 });
  expect(new Set(named.data.map(({ type }) => type))).toContain("customer.deleted");
  expect(named.data.every(({ type }) => type === "customer.deleted" || type === "charge.updated")).toBe(true);
  const newest = all.data[0];
  expect(await open.stripe.events.retrieve(newest?.id ?? "")).toEqual(newest);
});

test("an event carries the object as it became and the values it had", async () => {
  const open = await openSandbox({ account: { seed } });
  const charge = (await open.stripe.charges.list({ limit: 100 })).data.find(
    ({ amount_captured }) => amount_captured > 100,
  );
  await change(open, { type: "update", ids: [charge?.id ?? ""] });
  const now = await open.stripe.charges.retrieve(charge?.id ?? "");
  expect(now.amount_refunded).toBe(
    charge?.currency === "kwd" ? now.amount_refunded : Math.floor((charge?.amount_captured ?? 0) / 4),
  );
  const event = (await open.stripe.events.list({ type: "charge.refunded" })).data[0];
  expect(event?.data).toEqual({ object: now, previous_attributes: { amount_refunded: 0 } });
});

test("events can be read for 30 days", async () => {
  const clock = new ManualClock();
  const open = await openSandbox({ clock, account: { seed } });
  await change(open, { type: "create", resource: "customers" });
  clock.advance(30 * 86_400_000);
  expect((await open.stripe.events.list()).data).toHaveLength(1);
  clock.advance(1_000);
  expect((await open.stripe.events.list()).data).toHaveLength(0);
});

test("a silent change is found by reading the object only", async () => {
  const open = await openSandbox({ account: { seed } });
  const { events, objects } = await change(open, { type: "update", resource: "customers", silent: true });
  expect(events).toEqual([]);
  expect((await open.stripe.events.list()).data).toEqual([]);
  const customer = await open.stripe.customers.retrieve(objects[0]?.[1] ?? "");
  expect(customer).toMatchObject({ metadata: { revision: "2" } });
});

test("a payment intent goes on to its success and makes its charge on the way", async () => {
  const open = await openSandbox({ account: { seed } });
  const made = await change(open, { type: "create", resource: "payment_intents" });
  const ids = [made.objects[0]?.[1] ?? ""];
  await change(open, { type: "update", ids });
  const { events } = await change(open, { type: "update", ids });
  expect(events.map(({ type }) => type)).toEqual(["charge.succeeded", "payment_intent.succeeded"]);
  const intent = await open.stripe.paymentIntents.retrieve(ids[0] ?? "");
  const charge = await open.stripe.charges.retrieve(idOf(intent.latest_charge));
  expect([charge.payment_intent, charge.amount, charge.currency]).toEqual([
    intent.id,
    intent.amount_received,
    intent.currency,
  ]);
  await expect(change(open, { type: "update", ids })).rejects.toThrow("409");
});

test("the ledger counts what was served to its end, revision by revision", async () => {
  const open = await openSandbox({ account: { seed: { charges: 3, paymentIntents: 0, customers: 0 } } });
  const [charge] = (await open.stripe.charges.list()).data;
  const id = charge?.id ?? "";
  await open.stripe.charges.retrieve(id);
  await change(open, { type: "update", ids: [id] });
  await change(open, { type: "update", ids: [id], silent: true });
  await open.stripe.charges.list();
  await open.stripe.events.list();
  const seen = (await ledgerObjects(open, "&type=charge")).find((object) => object.id === id);
  // Revision 2 was only ever seen as an event's snapshot.
  expect(seen).toMatchObject({
    revision: 3,
    deleted: false,
    revisionsServed: 2,
    revisionsServedAsSnapshot: 1,
    singleGets: 1,
  });
  expect((await ledgerSummary(open)).requests["GET /v1/charges"]).toMatchObject({
    served: 2,
    incomplete: 0,
    violations: 0,
  });
});

test("nothing of the account's own making or of the endpoints' secrets is among the objects", async () => {
  const open = await openSandbox();
  await open.stripe.webhookEndpoints.create({ url: "http://127.0.0.1:9/hook", enabled_events: ["*"] });
  expect(JSON.stringify(await ledgerObjects(open))).not.toContain("whsec_");
});

test("Stripe's client sees Stripe's errors", async () => {
  const open = await openSandbox();
  await expect(open.stripe.charges.retrieve("ch_none")).rejects.toBeInstanceOf(Stripe.errors.StripeInvalidRequestError);
  await open.control("POST", "/__sandbox/misbehave", { kind: "429-no-hint", count: 1 });
  await expect(open.stripe.charges.list()).rejects.toBeInstanceOf(Stripe.errors.StripeRateLimitError);
});

test("changes go round the resources, past one that has nothing left to change", async () => {
  const open = await openSandbox({ account: { seed: { charges: 10, paymentIntents: 11, customers: 10 } } });
  const { objects } = await change(open, { type: "update", count: 30 });
  expect(objects).toHaveLength(30);
  expect(new Set(objects.slice(0, 3).map(([type]) => type))).toEqual(new Set(["charge", "payment_intent", "customer"]));
  await expect(change(open, { type: "update", resource: "payment_intents", count: 30 })).rejects.toThrow("409");
  await expect(change(open, { type: "delete", resource: "payment_intents" })).rejects.toThrow("only customers");
});

test("the demonstration's account opens at both sizes and tells the smoke run's webhooks without running dry", async () => {
  const { accountKey, account, credential, resourceOf } = sandbox.demo;
  const open = await openSandbox({ account: null });
  await open.control("POST", "/__sandbox/accounts", account("smoke"));
  await open.control("POST", "/__sandbox/accounts", account("demo"));
  await change(open, { ...accountKey, type: "create", count: 20 });
  const updates = await change(open, { ...accountKey, type: "update", count: 180 });
  expect(updates.objects.filter(([type]) => type === "payment_intent").length).toBe(60);
  const headers = { authorization: `Bearer ${credential["apiKey"] ?? ""}` };
  expect((await open.call("/v1/charges", { headers })).status).toBe(200);
  const types = new Set((await ledgerObjects(open)).map(({ type }) => type));
  expect([...types]).toEqual(expect.arrayContaining(Object.keys(resourceOf)));
});
