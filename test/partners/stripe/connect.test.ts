import { expect, test } from "vitest";
import * as z from "zod";
import type { Connection, OutboundAnswer, OutboundRequest } from "../../../lib/engine/ports.ts";
import { consumeJob } from "../../../lib/flows/consume-job.ts";
import { ingestWebhook } from "../../../lib/flows/ingest-webhook.ts";
import type { SandboxClock } from "../../../lib/local/sandbox/clock.ts";
import { stripe } from "../../../lib/partners/stripe/driver.ts";
import { change, noLimits, openSandbox, testKey } from "../../local/sandbox/support/open-sandbox.ts";
import type { OpenSandbox } from "../../local/sandbox/support/open-sandbox.ts";
import { openReceiver } from "../../local/sandbox/support/receiver.ts";
import type { Received } from "../../local/sandbox/support/receiver.ts";
import { createMemoryPorts, startMs } from "../../support/memory-ports.ts";
import type { MemoryPorts } from "../../support/memory-ports.ts";

/** Stripe Connect: a platform's one key and one endpoint for many connected accounts, against the stand-in. */
const ownKeys = ["sk_test_connectedExample01", "sk_test_connectedExample02"];

const Opened = z.object({ account: z.string() });
const List = z.object({ data: z.tuple([z.object({ id: z.string() })]) });

/** Signed at one moment, and delivered over real sockets. */
const clock: SandboxClock = {
  nowMs: () => startMs,
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/** The platform's account, and those connected to it. */
async function openPlatform(): Promise<{ open: OpenSandbox; accounts: readonly string[] }> {
  const open = await openSandbox({ clock });
  const accounts: string[] = [];
  for (const key of ownKeys) {
    const seed = { charges: 3, paymentIntents: 0, customers: 0 };
    const opened = await open.control("POST", "/__sandbox/accounts", {
      key,
      platformKey: testKey,
      limits: noLimits,
      seed,
    });
    accounts.push(Opened.parse(opened).account);
  }
  return { open, accounts };
}

/** A connection for each account, all with the platform's key, whose calls go to the stand-in. */
async function connected(
  open: OpenSandbox,
  accounts: readonly string[],
  settings = { key: "platform" },
): Promise<MemoryPorts> {
  const ports = createMemoryPorts({ partners: [stripe], nowMs: clock.nowMs() });
  ports.transport.respond((request) => send(open, request));
  for (const [number, account] of accounts.entries()) {
    const connection = connectionOf(number, account, settings);
    await ports.connections.create(connection);
    await ports.credentials.replace(connection, null, { apiKey: testKey });
  }
  return ports;
}

test("one endpoint of the platform's tells of all accounts, and each one's charges are fetched for it and kept as its own", async () => {
  const { open, accounts } = await openPlatform();
  const receiver = await openReceiver();
  const endpoint = await open.stripe.webhookEndpoints.create({
    url: receiver.url,
    enabled_events: ["*"],
    connect: true,
  });
  const ports = await connected(open, accounts);
  ports.partnerSecrets.set("stripe", { connectionKey: "k", webhookSecrets: [endpoint.secret ?? ""], app: {} });
  const changed = [];
  for (const key of ownKeys)
    changed.push(await change(open, { key, type: "update", resource: "charges", ids: [await firstCharge(open, key)] }));
  const sent = changed.flatMap(({ events }) => events);
  for (const webhook of await receiver.count(sent.length)) await take(ports, webhook);
  const kept = ports.records.all().map(({ connectionId, externalId }) => `${connectionId} ${externalId}`);
  const told = changed.map(({ objects }, number) => `${connectionOf(number, "").connectionId} ${objects[0]?.[1]}`);
  expect(kept.toSorted()).toEqual(told.toSorted());
  expect(new Set(ports.transport.requests.map(({ headers }) => headers["Stripe-Account"]))).toEqual(new Set(accounts));
});

test("the platform's own endpoint hears nothing of connected accounts, and theirs nothing of the platform", async () => {
  const { open } = await openPlatform();
  const [own, connect] = [await openReceiver(), await openReceiver()];
  await open.stripe.webhookEndpoints.create({ url: own.url, enabled_events: ["*"] });
  await open.stripe.webhookEndpoints.create({ url: connect.url, enabled_events: ["*"], connect: true });
  await change(open, { key: testKey, type: "create", resource: "customers" });
  await change(open, { key: ownKeys[0], type: "create", resource: "customers" });
  const [platforms] = await own.count(1);
  const [accounts] = await connect.count(1);
  expect([own.received.length, connect.received.length]).toEqual([1, 1]);
  expect(JSON.parse(platforms?.body ?? "")).not.toHaveProperty("account");
  expect(JSON.parse(accounts?.body ?? "")).toHaveProperty("account");
});

test("a key speaks for its own connected accounts alone", async () => {
  const { open, accounts } = await openPlatform();
  const asked = async (headers: Record<string, string>) => (await open.call("/v1/charges", { headers })).status;
  expect(await asked({ "stripe-account": accounts[0] ?? "" })).toBe(200);
  expect(await asked({ "stripe-account": "acct_nobody" })).toBe(403);
  const other = { authorization: `Bearer ${ownKeys[1]}`, "stripe-account": accounts[0] ?? "" };
  expect(await asked(other)).toBe(403);
});

test.each([
  ["the account is not there", null, "platform"],
  ["the account is none of Stripe's", "acct_1\r\nx: y", "platform"],
  ["the setting is misspelt", "acct_1", "Platform"],
])("where %s, nothing is sent: the platform's own things would be taken for the account's", (_what, account, key) => {
  expect(stripe.headersFor?.({ account, connectionId: "c", settings: { key } })).toBeNull();
});

test("a connection with the account's own key sends no such header", () => {
  const own = { account: "acct_1", connectionId: "c", settings: {} };
  expect(stripe.headersFor?.(own)).toEqual({});
  expect(stripe.quotaOwner?.(own)).toBe("acct_1");
});

test("a connection of a platform's key that names no account fails before anything is sent, and says what to do", async () => {
  const { open } = await openPlatform();
  const ports = await connected(open, []);
  const connection = { ...connectionOf(0, ""), account: null };
  await ports.connections.create(connection);
  await ports.credentials.replace(connection, null, { apiKey: testKey });
  const body = {
    id: "evt_1",
    object: "event",
    type: "charge.updated",
    created: 1,
    data: { object: { id: "ch_1", object: "charge" } },
  };
  await ports.lanes.send(jobOf(ports, body, connection.connectionId), 0);
  await work(ports);
  expect(ports.transport.requests).toEqual([]);
  expect(ports.lanes.givenUp.map(({ why }) => [why.code, why.message])).toEqual([
    ["account-missing", expect.stringContaining("connect the account again")],
  ]);
});

test("an account that took away the platform's access needs its owner, once Stripe refuses its calls, and no other does", async () => {
  const { open, accounts } = await openPlatform();
  // The stand-in knows no such connected account: it answers as Stripe does for one that is none of the platform's any more.
  const ports = await connected(open, [accounts[0] ?? "", "acct_goneExample"]);
  const tell = async (number: number, account: string) => {
    const body = {
      id: `evt_deauthorized${number}`,
      object: "event",
      type: "account.application.deauthorized",
      created: 1,
      account,
      data: { object: { id: "ca_example", object: "application", name: "Example" } },
    };
    await ports.lanes.send({ ...jobOf(ports, body, ""), id: `webhook-${number}`, connectionId: null }, 0);
    await work(ports);
  };
  await tell(0, accounts[0] ?? "");
  await tell(1, "acct_goneExample");
  const stands = await Promise.all(
    [0, 1].map(
      async (number) => (await ports.connections.read("stripe", connectionOf(number, "").connectionId))?.status,
    ),
  );
  expect(stands).toEqual(["active", "needs-reconnect"]);
  expect(ports.lanes.givenUp).toEqual([]);
});

async function firstCharge(open: OpenSandbox, key: string): Promise<string> {
  const response = await open.call("/v1/charges?limit=1", { headers: { authorization: `Bearer ${key}` } });
  return List.parse(await response.json()).data[0].id;
}

async function take(ports: MemoryPorts, { headers, body }: Received): Promise<void> {
  const sent = Object.entries(headers).flatMap(([name, value]) =>
    typeof value === "string" ? [[name, value] as const] : [],
  );
  const request = {
    partner: "stripe",
    connectionId: null,
    headers: Object.fromEntries(sent),
    url: "https://h.example/webhooks/stripe",
  };
  const answer = await ingestWebhook(ports, {
    ...request,
    rawBody: new TextEncoder().encode(body),
    method: "POST",
    trace: "t",
  });
  expect(answer.status).toBe(202);
  await work(ports);
}

async function work(ports: MemoryPorts): Promise<void> {
  for (const job of ports.lanes.take("webhooks", ports.clock.nowMs()))
    await consumeJob(ports, job, { workerId: "w", deadlineMs: ports.clock.nowMs() + 10_000 });
}

function jobOf(ports: MemoryPorts, body: unknown, connectionId: string) {
  const nowMs = ports.clock.nowMs();
  const text = { kind: "text", text: JSON.stringify(body) } as const;
  const work = { kind: "webhook", receivedAtMs: nowMs, contentType: "application/json", body: text } as const;
  const counts = { attempts: 0, hops: 0, createdAtMs: nowMs, expiresAtMs: nowMs + 60_000, trace: "t", replayOf: null };
  return { version: 1, id: "webhook-1", partner: "stripe", connectionId, lane: "webhooks", ...counts, work } as const;
}

function connectionOf(
  number: number,
  account: string,
  settings: Readonly<Record<string, string>> = { key: "platform" },
): Connection {
  return {
    partner: "stripe",
    connectionId: `stripe_00000000000000000${number}-0000000000000000`,
    tenantId: `tenant-${number}`,
    name: `Connected account ${number}`,
    account,
    settings,
    status: "active",
    sealedWebhookSecret: null,
    revision: 1,
    createdAtMs: 0,
    updatedAtMs: 0,
  };
}

/** The transport: the host's name becomes the stand-in's address, and nothing else changes. */
async function send(open: OpenSandbox, { url, method, headers, body }: OutboundRequest): Promise<OutboundAnswer> {
  const response = await fetch(url.replace("https://api.stripe.com", open.url), { method, headers, body });
  return {
    kind: "answered",
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: new Uint8Array(await response.arrayBuffer()),
  };
}
