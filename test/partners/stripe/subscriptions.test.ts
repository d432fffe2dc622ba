import { expect, test } from "vitest";
import * as z from "zod";
import { subscriptionsFor } from "../../../lib/engine/subscription-driver.ts";
import { statusOf } from "../../../lib/engine/subscription.ts";
import type { OutboundAnswer, OutboundRequest } from "../../../lib/engine/ports.ts";
import { createConnection } from "../../../lib/flows/connections/create-connection.ts";
import { removeConnection } from "../../../lib/flows/connections/remove-connection.ts";
import { consumeJob } from "../../../lib/flows/consume-job.ts";
import { ingestWebhook } from "../../../lib/flows/ingest-webhook.ts";
import { wishSubscription } from "../../../lib/flows/subscriptions/wish-subscription.ts";
import { stripe } from "../../../lib/partners/stripe/driver.ts";
import { change, openSandbox, testKey } from "../../local/sandbox/support/open-sandbox.ts";
import type { OpenSandbox } from "../../local/sandbox/support/open-sandbox.ts";
import { openReceiver } from "../../local/sandbox/support/receiver.ts";
import { createMemoryPorts } from "../../support/memory-ports.ts";
import type { MemoryPorts } from "../../support/memory-ports.ts";

/** The driver's registration against Stripe's stand-in, from the wish to a signed webhook that is taken, and away again. */
const actor = { name: "test", requestId: "request-1" };

async function sendTo(open: OpenSandbox, { url, method, headers, body }: OutboundRequest): Promise<OutboundAnswer> {
  const { pathname, search } = new URL(url);
  const response = await fetch(`${open.url}${pathname}${search}`, { method, headers, body });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { kind: "answered", status: response.status, headers: Object.fromEntries(response.headers), body: bytes };
}

async function connected(open: OpenSandbox) {
  const ports = createMemoryPorts({
    partners: [stripe],
    nowMs: Date.now(),
    secrets: { stripe: { connectionKey: "key-of-the-tests", webhookSecrets: [], app: {} } },
  });
  ports.transport.respond((request) => sendTo(open, request));
  const credential = { apiKey: testKey };
  const wanted = { driver: stripe, tenantId: "t", name: "S", account: null, settings: {}, webhookSecret: null };
  const made = await createConnection(ports, { ...wanted, credential, seed: null }, actor);
  if (made.kind !== "created") throw new Error(made.kind);
  ports.lanes.messages.length = 0;
  return { ports, connection: made.connection };
}

async function workOne(ports: MemoryPorts): Promise<void> {
  const nowMs = ports.clock.nowMs();
  const context = { workerId: "worker", deadlineMs: nowMs + 30_000 };
  for (const job of ports.lanes.take("webhooks", nowMs)) await consumeJob(ports, job, context);
}

async function eventIds(open: OpenSandbox): Promise<readonly string[]> {
  return (await open.stripe.events.list({ limit: 100 })).data.map(({ id }) => id);
}

test("an endpoint is registered, its secret verifies what Stripe's package signs, it is put right, and it goes", async () => {
  const open = await openSandbox({ account: { seed: { charges: 3, paymentIntents: 0, customers: 0 } } });
  const receiver = await openReceiver();
  const { ports, connection } = await connected(open);
  const { connectionId } = connection;
  await wishSubscription(ports, connection, receiver.url, actor);
  await workOne(ports);
  const subscription = (await ports.connections.read("stripe", connectionId))?.subscription;
  const listed = (await open.stripe.webhookEndpoints.list()).data;
  expect(listed).toMatchObject([
    { id: subscription?.id, url: receiver.url, api_version: "2026-07-29.dahlia", status: "enabled" },
  ]);
  expect(listed[0]?.enabled_events).toEqual(stripe.webhook?.subscriptions?.events);
  expect(statusOf(subscription)).toBe("subscribed");

  await change(open, { type: "update", resource: "charges", count: 1 });
  const [post] = await receiver.count(1);
  ports.clock.advance(Math.max(0, Date.now() - ports.clock.nowMs()));
  const answer = await ingestWebhook(ports, {
    partner: "stripe",
    connectionId,
    headers: z.record(z.string(), z.string()).parse({ ...post?.headers }),
    rawBody: Buffer.from(post?.body ?? ""),
    url: receiver.url,
    method: "POST",
    trace: "trace",
  });
  expect(answer.status).toBe(202);

  const id = subscription?.id ?? "";
  await open.stripe.webhookEndpoints.update(id, { disabled: true, enabled_events: ["charge.failed"] });
  expect((await open.stripe.webhookEndpoints.retrieve(id)).status).toBe("disabled");
  const before = await eventIds(open);
  await change(open, { type: "update", resource: "charges", count: 1 });
  const meanwhile = (await eventIds(open)).filter((event) => !before.includes(event));
  await wishSubscription(ports, connection, receiver.url, actor);
  await workOne(ports);
  expect((await open.stripe.webhookEndpoints.list()).data).toEqual(listed);
  await change(open, { type: "update", resource: "charges", count: 1 });
  await receiver.count(before.length + 1);
  // What happened while it was switched off was not sent.
  const sent = receiver.received.map(({ body }) => z.looseObject({ id: z.string() }).parse(JSON.parse(body)).id);
  expect(meanwhile.length).toBeGreaterThan(0);
  expect(meanwhile.filter((event) => sent.includes(event))).toEqual([]);

  expect(await removeConnection(ports, stripe, connection, actor)).toMatchObject({ why: "webhooks-registered" });
  await workOne(ports);
  expect((await open.stripe.webhookEndpoints.list()).data).toEqual([]);
});

test("an account of a platform is served by the platform's own endpoint", () => {
  const served = (settings: Readonly<Record<string, string>>) =>
    subscriptionsFor(stripe, { account: "acct_1", settings });
  expect([served({}), served({ key: "own" })]).not.toContain(null);
  expect(served({ key: "platform" })).toBeNull();
});
