import { Stripe } from "stripe";
import { expect, test } from "vitest";
import { ManualClock } from "./support/manual-clock.ts";
import {
  change,
  ledgerObjects,
  ledgerSummary,
  openSandbox,
  temporaryFolder,
  testKey,
  type OpenSandbox,
} from "./support/open-sandbox.ts";
import { openReceiver, type Received } from "./support/receiver.ts";

const secret = "whsec_exampleSecretOfATest";
const seed = { charges: 50, paymentIntents: 20, customers: 50 };

/** What Stripe's own package makes of a webhook: the event, or why it is not one. */
function judge(webhook: Received): string {
  try {
    return Stripe.webhooks.constructEvent(webhook.body, webhook.headers["stripe-signature"] ?? "", secret).id;
  } catch {
    return "refused";
  }
}

async function settled(open: OpenSandbox): Promise<Awaited<ReturnType<typeof ledgerSummary>>["webhooks"]> {
  await expect.poll(async () => (await ledgerSummary(open)).webhooks.pending).toBe(0);
  return (await ledgerSummary(open)).webhooks;
}

/** An attempt is entered before it is made, so a timer that fired too early cannot hide. */
async function attempts(open: OpenSandbox, trick: string): Promise<number> {
  return (await ledgerSummary(open)).webhooks.byTrick[trick]?.attempts ?? 0;
}

test("each change is told to the endpoint, signed so that Stripe's package takes it", async () => {
  const receiver = await openReceiver();
  const open = await openSandbox({ account: { seed, webhookSecret: secret, webhookUrl: receiver.url } });
  const { events } = await change(open, { type: "update", resource: "customers", count: 20 });
  const received = await receiver.count(20);
  expect(received.map(judge).toSorted()).toEqual(events.map(({ id }) => id).toSorted());
  const webhooks = await settled(open);
  expect(webhooks).toMatchObject({
    events: 20,
    forgedAccepted: 0,
    byTrick: { none: { deliveries: 20, attempts: 20, accepted: 20 } },
  });
  const delivered = (await ledgerObjects(open, "&type=customer")).filter(
    ({ revisionsDelivered }) => revisionsDelivered === 1,
  );
  expect(delivered.map(({ id }) => id).toSorted()).toEqual(events.map(({ object }) => object[1]).toSorted());
});

test("every forgery is one to Stripe's package, and comes beside the true one", async () => {
  const receiver = await openReceiver((webhook) => (judge(webhook) === "refused" ? 401 : 200));
  const open = await openSandbox({ account: { seed, webhookSecret: secret, webhookUrl: receiver.url } });
  await change(open, { type: "update", resource: "customers", count: 40, webhooks: { forgeShare: 0.2 } });
  const webhooks = await settled(open);
  expect(webhooks.byTrick["none"]).toMatchObject({ deliveries: 40, accepted: 40, refused: 0 });
  for (const trick of ["bad-signature", "changed-byte", "stale-timestamp", "unsigned"]) {
    // Tried once: a forger's webhook is nobody's to retry.
    expect(webhooks.byTrick[trick]).toEqual({
      deliveries: 2,
      attempts: 2,
      accepted: 0,
      refused: 2,
      unanswered: 0,
      gaveUp: 2,
    });
  }
  expect(receiver.received.filter((webhook) => judge(webhook) === "refused")).toHaveLength(8);
});

test("a receiver that takes anything is found out", async () => {
  const receiver = await openReceiver();
  const open = await openSandbox({ account: { seed, webhookUrl: receiver.url } });
  await change(open, {
    type: "update",
    resource: "customers",
    webhooks: { forgeShare: 1, forgeKinds: ["unsigned"], forgedOnly: true },
  });
  expect(await settled(open)).toMatchObject({ forgedAccepted: 1, byTrick: { unsigned: { accepted: 1 } } });
  expect((await receiver.count(1))[0]?.headers["stripe-signature"]).toBeUndefined();
});

test("a changed byte is one byte, and still JSON", async () => {
  const receiver = await openReceiver();
  const open = await openSandbox({ account: { seed, webhookSecret: secret, webhookUrl: receiver.url } });
  await change(open, {
    type: "update",
    resource: "customers",
    webhooks: { forgeShare: 1, forgeKinds: ["changed-byte"] },
  });
  const received = await receiver.count(2);
  const [forged, honest] = received.toSorted((a, b) => Number(judge(a) !== "refused") - Number(judge(b) !== "refused"));
  const [left, right] = [Buffer.from(forged?.body ?? ""), Buffer.from(honest?.body ?? "")];
  expect(left.length).toBe(right.length);
  expect(left.filter((byte, index) => byte !== right[index])).toHaveLength(1);
  expect(JSON.parse(forged?.body ?? "")).toMatchObject({ object: "event" });
});

test("shares are exact over all events of a request, and late ones are overtaken", async () => {
  const clock = new ManualClock(Date.now());
  const receiver = await openReceiver();
  const open = await openSandbox({ clock, account: { seed, webhookSecret: secret, webhookUrl: receiver.url } });
  await open.control("POST", "/__sandbox/webhooks", { parallel: 1 });
  const { events } = await change(open, {
    type: "update",
    resource: "customers",
    count: 20,
    webhooks: { duplicateShare: 0.1, reorderShare: 0.2 },
  });
  clock.advance(0);
  await receiver.count(18);
  await expect.poll(async () => (await ledgerSummary(open)).webhooks.pending).toBe(4);
  clock.advance(499);
  expect(await attempts(open, "reorder")).toBe(0);
  clock.advance(1);
  const order = (await receiver.count(22)).map(judge);
  expect((await settled(open)).byTrick).toMatchObject({
    none: { accepted: 16 },
    duplicate: { accepted: 2 },
    reorder: { accepted: 4 },
  });
  expect(new Set(order)).toEqual(new Set(events.map(({ id }) => id)));
  const late = order.slice(18);
  expect(late.every((id) => events.findIndex((event) => event.id === id) < 19)).toBe(true);
});

test("what is not answered with 2xx comes again, later each time, until it is given up", async () => {
  const clock = new ManualClock(Date.now());
  const receiver = await openReceiver((_, index) => [503, 302, 500][index] ?? 200);
  const open = await openSandbox({ clock, account: { seed, webhookSecret: secret, webhookUrl: receiver.url } });
  await open.control("POST", "/__sandbox/webhooks", { attempts: 3, firstRetryMs: 1_000, retryMsMax: 1_500 });
  const { events } = await change(open, { type: "update", resource: "customers" });
  const failures = async () => {
    const counts = (await ledgerSummary(open)).webhooks.byTrick["none"];
    return (counts?.refused ?? 0) + (counts?.unanswered ?? 0);
  };
  clock.advance(0);
  await expect.poll(failures).toBe(1);
  clock.advance(999);
  expect(await attempts(open, "none")).toBe(1);
  clock.advance(1);
  await expect.poll(failures).toBe(2);
  clock.advance(1_499);
  expect(await attempts(open, "none")).toBe(2);
  clock.advance(1);
  await expect.poll(failures).toBe(3);
  expect((await settled(open)).byTrick["none"]).toEqual({
    deliveries: 1,
    attempts: 3,
    accepted: 0,
    refused: 3,
    unanswered: 0,
    gaveUp: 1,
  });
  expect(new Set(receiver.received.map(judge))).toEqual(new Set(events.map(({ id }) => id)));
  // Signed anew at each attempt, as Stripe does, or late ones would be stale.
  expect(new Set(receiver.received.map(({ headers }) => headers["stripe-signature"])).size).toBe(3);
});

test("silence is a failure after the time-out", async () => {
  const clock = new ManualClock(Date.now());
  const receiver = await openReceiver(() => null);
  const open = await openSandbox({ clock, account: { seed, webhookUrl: receiver.url } });
  await open.control("POST", "/__sandbox/webhooks", { attempts: 1, timeoutMs: 3_000 });
  await change(open, { type: "update", resource: "customers" });
  clock.advance(0);
  await receiver.count(1);
  clock.advance(2_999);
  expect((await ledgerSummary(open)).webhooks.pending).toBe(1);
  clock.advance(1);
  expect((await settled(open)).byTrick["none"]).toMatchObject({ unanswered: 1, gaveUp: 1 });
});

test("undelivered webhooks outlive a restart", async () => {
  const clock = new ManualClock(Date.now());
  const dataDir = temporaryFolder();
  const receiver = await openReceiver();
  const first = await openSandbox({
    clock,
    dataDir,
    account: { seed, webhookSecret: secret, webhookUrl: receiver.url },
  });
  const { events } = await change(first, { type: "update", resource: "customers", count: 3 });
  await first.stop();
  expect(receiver.received).toEqual([]);
  const second = await openSandbox({ clock, dataDir, account: null });
  clock.advance(0);
  expect((await receiver.count(3)).map(judge).toSorted()).toEqual(events.map(({ id }) => id).toSorted());
  await settled(second);
});

test("an endpoint's secret is told once, it gets what it asked for, and nothing once it is deleted", async () => {
  const receiver = await openReceiver();
  const open = await openSandbox({ account: { seed } });
  const made = await open.stripe.webhookEndpoints.create({
    url: receiver.url,
    enabled_events: ["charge.updated", "customer.deleted"],
  });
  expect(made.secret).toMatch(/^whsec_/);
  expect(await open.stripe.webhookEndpoints.retrieve(made.id)).not.toHaveProperty("secret");
  expect((await open.stripe.webhookEndpoints.list()).data.map((endpoint) => [endpoint.id, endpoint.secret])).toEqual([
    [made.id, undefined],
  ]);
  await change(open, { type: "update", resource: "customers" });
  const { events } = await change(open, { type: "delete", count: 1 });
  const [webhook] = await receiver.count(1);
  const event = Stripe.webhooks.constructEvent(
    webhook?.body ?? "",
    webhook?.headers["stripe-signature"] ?? "",
    made.secret ?? "",
  );
  expect([event.id, event.type, event.pending_webhooks]).toEqual([events[0]?.id, "customer.deleted", 1]);
  expect(await open.stripe.webhookEndpoints.del(made.id)).toEqual({
    id: made.id,
    object: "webhook_endpoint",
    deleted: true,
  });
  const after = await change(open, { type: "delete", count: 1 });
  expect(after.events.map(({ deliveries }) => deliveries)).toEqual([0]);
  await expect(open.stripe.webhookEndpoints.retrieve(made.id)).rejects.toThrow("No such webhook endpoint");
});

test("webhooks go to this machine only", async () => {
  const open = await openSandbox();
  for (const url of [
    "https://example.com/hook",
    "http://10.0.0.1/hook",
    "http://127.0.0.1.example.com/hook",
    "nonsense",
  ]) {
    await expect(open.stripe.webhookEndpoints.create({ url, enabled_events: ["*"] })).rejects.toMatchObject({
      param: "url",
    });
  }
});

test("the control keeps one endpoint: asked again it stays, another address or other events replace it", async () => {
  const open = await openSandbox({ account: { seed } });
  const ask = (webhookUrl: string, enabledEvents: readonly string[]) =>
    open.control("POST", "/__sandbox/accounts", { key: testKey, webhookUrl, enabledEvents });
  const endpoints = async () =>
    (await open.stripe.webhookEndpoints.list()).data.map((endpoint) => [endpoint.url, endpoint.enabled_events]);
  await open.stripe.webhookEndpoints.create({ url: "http://127.0.0.1:9/own", enabled_events: ["*"] });
  await ask("http://127.0.0.1:9/a", ["charge.updated"]);
  await ask("http://127.0.0.1:9/a", ["charge.updated"]);
  expect(await endpoints()).toEqual([
    ["http://127.0.0.1:9/a", ["charge.updated"]],
    ["http://127.0.0.1:9/own", ["*"]],
  ]);
  await ask("http://127.0.0.1:9/b", ["charge.updated"]);
  await ask("http://127.0.0.1:9/b", ["*"]);
  expect(await endpoints()).toEqual([
    ["http://127.0.0.1:9/b", ["*"]],
    ["http://127.0.0.1:9/own", ["*"]],
  ]);
});
