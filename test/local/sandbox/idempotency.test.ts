import { Stripe } from "stripe";
import { expect, test } from "vitest";
import { ManualClock } from "./support/manual-clock.ts";
import {
  errorIn,
  idOf,
  ledgerObjects,
  ledgerSummary,
  openSandbox,
  temporaryFolder,
  type OpenSandbox,
} from "./support/open-sandbox.ts";

const seed = { charges: 40, paymentIntents: 40, customers: 5 };

async function refundable(open: OpenSandbox): Promise<Stripe.Charge> {
  for await (const charge of open.stripe.charges.list({ limit: 100 }))
    if (charge.amount_captured > 1_000) return charge;
  throw new Error("No charge can be refunded");
}

function post(open: OpenSandbox, path: string, body: string, key?: string): Promise<Response> {
  const headers = {
    "content-type": "application/x-www-form-urlencoded",
    ...(key === undefined ? {} : { "idempotency-key": key }),
  };
  return open.call(path, { method: "POST", body, headers });
}

test("a refund under one key is made once and answered alike", async () => {
  const open = await openSandbox({ account: { seed } });
  const charge = await refundable(open);
  const first = await post(open, "/v1/refunds", `charge=${charge.id}&amount=100`, "key-1");
  const again = await post(open, "/v1/refunds", `amount=100&charge=${charge.id}`, "key-1");
  expect([first.status, again.status]).toEqual([200, 200]);
  expect([first.headers.get("idempotent-replayed"), again.headers.get("idempotent-replayed")]).toEqual([null, "true"]);
  expect(await again.text()).toBe(await first.text());
  expect((await open.stripe.charges.retrieve(charge.id)).amount_refunded).toBe(100);
  expect((await open.stripe.refunds.list()).data).toHaveLength(1);
  expect((await ledgerSummary(open)).writes).toEqual({ "POST /v1/refunds": 1 });
});

test("two refunds under two keys, or under none, are two", async () => {
  const open = await openSandbox({ account: { seed } });
  const charge = await refundable(open);
  for (const key of ["a", "b", undefined, undefined])
    await post(open, "/v1/refunds", `charge=${charge.id}&amount=10`, key);
  expect((await open.stripe.charges.retrieve(charge.id)).amount_refunded).toBe(40);
});

test("a key with other parameters or for another endpoint is an idempotency error", async () => {
  const open = await openSandbox({ account: { seed } });
  const charge = await refundable(open);
  await open.stripe.refunds.create({ charge: charge.id, amount: 100 }, { idempotencyKey: "key-1" });
  const other = open.stripe.refunds.create({ charge: charge.id, amount: 101 }, { idempotencyKey: "key-1" });
  await expect(other).rejects.toBeInstanceOf(Stripe.errors.StripeIdempotencyError);
  const { data } = await open.stripe.customers.list({ limit: 1 });
  const elsewhere = open.stripe.customers.update(data[0]?.id ?? "", { name: "Example" }, { idempotencyKey: "key-1" });
  await expect(elsewhere).rejects.toBeInstanceOf(Stripe.errors.StripeIdempotencyError);
});

test("while the first is under way the second conflicts, and then replays", async () => {
  const clock = new ManualClock();
  const open = await openSandbox({ clock, account: { seed } });
  const charge = await refundable(open);
  await open.control("POST", "/__sandbox/misbehave", { kind: "slow", delayMs: 1_000, method: "POST", count: 1 });
  const first = post(open, "/v1/refunds", `charge=${charge.id}&amount=100`, "key-1");
  await expect.poll(async () => (await ledgerSummary(open)).deliberate["slow"]).toBe(1);
  const second = await post(open, "/v1/refunds", `charge=${charge.id}&amount=100`, "key-1");
  expect([second.status, (await errorIn(second)).code]).toEqual([409, "idempotency_key_in_use"]);
  clock.advance(1_000);
  expect((await first).status).toBe(200);
  const third = await post(open, "/v1/refunds", `charge=${charge.id}&amount=100`, "key-1");
  expect([third.status, third.headers.get("idempotent-replayed")]).toEqual([200, "true"]);
});

test("a 500 is the key's answer for good; parameters that did not fit leave the key free", async () => {
  const open = await openSandbox({ account: { seed } });
  const charge = await refundable(open);
  await open.control("POST", "/__sandbox/misbehave", { kind: "status-500", count: 1, method: "POST" });
  const good = `charge=${charge.id}&amount=100`;
  expect((await post(open, "/v1/refunds", good, "key-500")).status).toBe(500);
  const again = await post(open, "/v1/refunds", good, "key-500");
  expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([500, "true"]);
  expect((await post(open, "/v1/refunds", "amount=100", "key-400")).status).toBe(400);
  expect((await post(open, "/v1/refunds", good, "key-400")).status).toBe(200);
});

test("a write whose answer was lost took effect, and its key says so", async () => {
  const open = await openSandbox({ account: { seed } });
  const charge = await refundable(open);
  await open.control("POST", "/__sandbox/misbehave", {
    kind: "status-500",
    effect: "applied",
    count: 1,
    method: "POST",
  });
  const body = `charge=${charge.id}&amount=100`;
  expect((await post(open, "/v1/refunds", body, "key-1")).status).toBe(500);
  expect((await open.stripe.charges.retrieve(charge.id)).amount_refunded).toBe(100);
  const again = await post(open, "/v1/refunds", body, "key-1");
  expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([200, "true"]);
  expect((await open.stripe.charges.retrieve(charge.id)).amount_refunded).toBe(100);
});

test("keys outlive a restart and end after a day", async () => {
  const clock = new ManualClock();
  const dataDir = temporaryFolder();
  const first = await openSandbox({ clock, dataDir, account: { seed } });
  const charge = await refundable(first);
  await post(first, "/v1/refunds", `charge=${charge.id}&amount=100`, "key-1");
  await first.stop();
  const second = await openSandbox({ clock, dataDir, account: null });
  const replayed = await post(second, "/v1/refunds", `charge=${charge.id}&amount=100`, "key-1");
  expect(replayed.headers.get("idempotent-replayed")).toBe("true");
  clock.advance(24 * 3_600_000 + 1);
  await post(second, "/v1/refunds", `charge=${charge.id}&amount=100`, "key-1");
  expect((await second.stripe.charges.retrieve(charge.id)).amount_refunded).toBe(200);
});

test.each([
  ["charge=ch_none", "resource_missing"],
  ["", "parameter_missing"],
  ["charge=CHARGE&amount=99999999", undefined],
  ["charge=CHARGE&amount=-1", "parameter_invalid"],
  ["charge=CHARGE&colour=red", "parameter_unknown"],
  ["charge=CHARGE&reason=bored", "parameter_invalid"],
])("a refund of %s is refused", async (body, code) => {
  const open = await openSandbox({ account: { seed } });
  const { id } = await refundable(open);
  const response = await post(open, "/v1/refunds", body.replace("CHARGE", id));
  expect([response.status, (await errorIn(response)).code]).toEqual([400, code]);
  expect(await ledgerObjects(open, "&type=refund")).toEqual([]);
});

test("what is left of a charge can be refunded, and nothing more", async () => {
  const open = await openSandbox({ account: { seed } });
  const charge = await refundable(open);
  await open.stripe.refunds.create({ charge: charge.id, amount: 300 });
  const rest = await open.stripe.refunds.create({ payment_intent: idOf(charge.payment_intent) });
  expect(rest.amount).toBe(charge.amount_captured - 300);
  expect(await open.stripe.charges.retrieve(charge.id)).toMatchObject({
    refunded: true,
    amount_refunded: charge.amount_captured,
  });
  await expect(open.stripe.refunds.create({ charge: charge.id, amount: 1 })).rejects.toMatchObject({
    code: "charge_already_refunded",
  });
});

test("a customer is changed field by field, with an event that says what it was", async () => {
  const open = await openSandbox({ account: { seed } });
  const before = (await open.stripe.customers.list({ limit: 1 })).data[0];
  const id = before?.id ?? "";
  await open.stripe.customers.update(id, { metadata: { tier: "gold", gone: "soon" } });
  const after = await open.stripe.customers.update(id, {
    name: "Example Renamed",
    metadata: { gone: "" },
    address: { city: "Hamburg" },
  });
  expect(after.metadata).toEqual({ ...before?.metadata, tier: "gold" });
  expect([after.name, after.address?.city, after.address?.line1]).toEqual(["Example Renamed", "Hamburg", null]);
  const event = (await open.stripe.events.list({ type: "customer.updated" })).data[0];
  expect(event?.data.object).toEqual(after);
  expect(event?.data.previous_attributes).toMatchObject({ name: before?.name });
  expect(event?.request?.idempotency_key).toMatch(/^stripe-node-retry-/);
  await open.stripe.customers.update(id, { name: "Example Renamed" });
  expect((await open.stripe.events.list({ type: "customer.updated" })).data).toHaveLength(2);
});

test("JSON where a form is due is refused", async () => {
  const open = await openSandbox({ account: { seed } });
  const response = await open.call("/v1/refunds", {
    method: "POST",
    body: "{}",
    headers: { "content-type": "application/json" },
  });
  expect(response.status).toBe(400);
});
