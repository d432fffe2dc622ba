import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { noFacts } from "../../../lib/engine/webhook-event.ts";
import { classifyAnswer } from "../../../lib/engine/classify.ts";
import type { PageStrategy } from "../../../lib/engine/pages/page-strategy.ts";
import { urlFor } from "../../../lib/engine/request-url.ts";
import type { Cursor } from "../../../lib/engine/run.ts";
import { startSandboxes } from "../../../lib/local/sandbox/run.ts";
import { leaflink } from "../../../lib/partners/leaflink/driver.ts";
import type { LeaflinkResource } from "../../../lib/partners/leaflink/driver.ts";
import { sandbox } from "../../../lib/partners/leaflink/sandbox.ts";
import { ManualClock } from "../../local/sandbox/support/manual-clock.ts";
import { temporaryFolder } from "../../local/sandbox/support/open-sandbox.ts";
import { openReceiver } from "../../local/sandbox/support/receiver.ts";
import { mapThing } from "../contract/resources.ts";
import { verdictOf } from "../contract/verdict.ts";

/** The driver against LeafLink's stand-in, which shares no code with it. */
const key = "keyOfTheFirstCompany0001";
const webhookKey = "company-webhook-key";
const seed = { orders: 230, products: 120, customers: 40 };
const kinds = { orders: "order", products: "product", customers: "customer" } as const;
const names: readonly LeaflinkResource[] = ["orders", "products", "customers"];
const plenty = 100_000;

const Things = z.object({
  objects: z.array(
    z.looseObject({ id: z.string(), revision: z.int(), deleted: z.boolean(), state: z.looseObject({}) }),
  ),
});
const Changed = z.object({ objects: z.array(z.tuple([z.string(), z.string(), z.int()])) });

async function open(account: object = {}, clock = new ManualClock()) {
  const running = await startSandboxes([sandbox], { dataDir: temporaryFolder(), clock });
  onTestFinished(() => running.stop());
  const address = running.addresses["leaflink"] ?? "";
  const control = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${address}/__sandbox/${path}`, { method, ...sent });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${JSON.stringify(answer)}`);
    return answer;
  };
  /** As the local transport does: the vendor's host name stands for the sandbox. */
  const call = (path: string, init: RequestInit & { readonly key?: string } = {}): Promise<Response> => {
    const url = path.replace("https://app.leaflink.com", address);
    const authorization = `App ${init.key ?? key}`;
    return fetch(url.startsWith("/") ? address + url : url, { ...init, headers: { authorization } });
  };
  await control("POST", "accounts", { key, webhookKey, perMinute: plenty, seed, ...account });
  return { clock, control, call };
}
type Open = Awaited<ReturnType<typeof open>>;

async function read({ call }: Open, path: string, query: Readonly<Record<string, string>> = {}) {
  const url = urlFor(leaflink, { method: "GET", path, query, endpoint: path });
  if (url === null) throw new Error(`${path} is not of LeafLink's hosts`);
  const response = await call(url);
  const body = new Uint8Array(await response.arrayBuffer());
  const headers = Object.fromEntries(response.headers);
  const answer = { kind: "answered" as const, status: response.status, headers, body };
  return classifyAnswer(leaflink, answer, { nowMs: 0, call: path, redact: (text) => text });
}

async function walk(
  opened: Open,
  path: string,
  page: PageStrategy,
  more: Readonly<Record<string, string>> = {},
): Promise<unknown[]> {
  const items: unknown[] = [];
  let cursor: Cursor | null = null;
  do {
    const call = page.request(cursor);
    const verdict = await (call.kind === "url"
      ? read(opened, call.url)
      : read(opened, path, { ...more, ...(call.kind === "query" ? call.query : {}) }));
    if (verdict.kind === "failed") throw verdict.error;
    const content = page.read(verdict.body, cursor);
    items.push(...content.items);
    cursor = content.next;
  } while (cursor !== null);
  return items;
}

const ledger = async (opened: Open, name: LeaflinkResource) =>
  Things.parse(await opened.control("GET", `ledger/objects?type=${kinds[name]}`)).objects;

test.each(names)("%s: a full pass by next links brings everything there is, each mapped, each once", async (name) => {
  const opened = await open();
  const resource = leaflink.resources[name];
  const mapped = (await walk(opened, resource.path, resource.page, resource.query)).map((raw) =>
    mapThing(resource, raw),
  );
  expect(mapped.filter((one) => one.kind === "bad")).toEqual([]);
  expect(mapped.map((one) => (one.kind === "mapped" ? one.id : "")).toSorted()).toEqual(
    (await ledger(opened, name))
      .filter((object) => !object.deleted)
      .map((object) => object.id)
      .toSorted(),
  );
  // One customer is there no more.
  expect(mapped).toHaveLength(seed[name] - (name === "customers" ? 1 : 0));
});

test.each(names)("%s: an increment brings what has changed since, and nothing else", async (name) => {
  const opened = await open();
  const { path, page, query, increment, id, schema } = leaflink.resources[name];
  if (increment?.kind !== "filter") throw new Error("LeafLink's changes come from a filter");
  const since = opened.clock.nowMs();
  opened.clock.advance(1);
  const changes = [
    Changed.parse(await opened.control("POST", "change", { type: "update", resource: name, count: 9 })),
    Changed.parse(await opened.control("POST", "change", { type: "create", resource: name, count: 3 })),
    Changed.parse(await opened.control("POST", "change", { type: "delete", resource: name, count: 3 })),
  ];
  const changed = new Set(changes.flatMap(({ objects }) => objects.map(([, changedId]) => changedId)));
  const found = await walk(opened, path, page, { ...query, ...increment.query(since) });
  expect(new Set(found.map((raw) => id(schema.parse(raw))))).toEqual(changed);
  expect(await walk(opened, path, page, { ...query, ...increment.query(opened.clock.nowMs() + 1) })).toEqual([]);
});

test("a path without its slash is answered 400, one that is not there 404, a strange key 401", async () => {
  const { call } = await open();
  const statuses = [];
  for (const path of [
    "/api/v2/orders-received",
    "/api/v2/products/77001",
    "/api/v2/nothing/",
    "/api/v2/products/77001/",
  ])
    statuses.push((await call(path)).status);
  expect(statuses).toEqual([400, 400, 404, 200]);
  expect((await call("/api/v2/products/", { key: "anotherKeyOfNobody00000" })).status).toBe(401);
});

test("a misspelt filter is refused rather than passed over", async () => {
  const { call } = await open();
  expect((await call("/api/v2/orders-received/?modified_gte=2026-01-01T00:00:00Z")).status).toBe(400);
  expect((await call("/api/v2/orders-received/?modified__gte=yesterday")).status).toBe(400);
});

test("all keys of an owner share 300 calls in any minute, and another owner's cost them nothing", async () => {
  const opened = await open({ owner: "u7", perMinute: 300 });
  const second = "keyOfTheSecondCompany002";
  const stranger = "keyOfAStrangersCompany03";
  await opened.control("POST", "accounts", { key: second, owner: "u7", webhookKey });
  await opened.control("POST", "accounts", { key: stranger, owner: "u8", webhookKey });
  const status = async (by: string) => (await opened.call("/api/v2/customers/?limit=1", { key: by })).status;
  for (let count = 0; count < 300; count += 1) expect(await status(count % 2 === 0 ? key : second)).toBe(200);
  opened.clock.advance(59_999);
  expect([await status(key), await status(second), await status(stranger)]).toEqual([429, 429, 200]);
  opened.clock.advance(1);
  expect([await status(second), await status(key)]).toEqual([200, 200]);
  const { violations } = z
    .object({ violations: z.looseObject({ total: z.int() }) })
    .parse(await opened.control("GET", "ledger"));
  expect(violations).toMatchObject({ total: 2, byScope: { "owner u7": 2 } });
});

test("webhooks of orders and products are signed, whole or thin, and name what changed; customers have none", async () => {
  const receiver = await openReceiver();
  const opened = await open({ webhookUrl: receiver.url });
  const changes = [
    Changed.parse(await opened.control("POST", "change", { type: "update", count: 8 })),
    Changed.parse(await opened.control("POST", "change", { type: "delete", count: 4 })),
  ];
  await opened.control("POST", "change", { type: "update", resource: "customers", count: 2 });
  opened.clock.advance(0);
  const touched = [];
  for (const { headers, body } of await receiver.count(12)) {
    const rawBody = new TextEncoder().encode(body);
    const signed = { headers: { "ll-signature": String(headers["ll-signature"]) }, rawBody, url: "", method: "POST" };
    expect(verdictOf(leaflink, { ...signed, secrets: [webhookKey], nowMs: 0 })).toEqual({ ok: true });
    touched.push(...(leaflink.webhook?.touches(leaflink.webhook.schema.parse(JSON.parse(body)), noFacts) ?? []));
  }
  const told = changes.flatMap(({ objects }) => objects).map(([type, id]) => `${type}s ${id}`);
  expect(touched.map(({ resource, externalId }) => `${resource} ${externalId}`).toSorted()).toEqual(told.toSorted());
  expect(new Set(receiver.received.map(({ body }) => "short_id" in z.looseObject({}).parse(JSON.parse(body))))).toEqual(
    new Set([true, false]),
  );
  expect(receiver.received).toHaveLength(12);
});

test("every forgery is one that the signature shows", async () => {
  const receiver = await openReceiver(() => 401);
  const opened = await open({ webhookUrl: receiver.url });
  const webhooks = { forgeShare: 1, forgedOnly: true };
  await opened.control("POST", "change", { type: "update", count: 8, webhooks });
  opened.clock.advance(0);
  for (const { headers, body } of await receiver.count(8)) {
    const given = headers["ll-signature"];
    const signature: Record<string, string> = typeof given === "string" ? { "ll-signature": given } : {};
    const signed = { headers: signature, rawBody: new TextEncoder().encode(body), url: "", method: "POST" };
    expect(verdictOf(leaflink, { ...signed, secrets: [webhookKey], nowMs: 0 })).toMatchObject({ ok: false });
  }
  const stale = { ...webhooks, forgeKinds: ["stale-timestamp"] };
  await expect(opened.control("POST", "change", { type: "update", webhooks: stale })).rejects.toThrow(/signs no time/);
});

test("times never come twice, have microseconds and an offset, and each change moves one", async () => {
  const opened = await open();
  await opened.control("POST", "change", { type: "update", count: 40 });
  const before = new Map<string, unknown>();
  for (const name of names)
    for (const { id, state, revision } of await ledger(opened, name))
      if (revision > 1) before.set(id, state["modified"]);
  const times = [...before.values()].map(String);
  expect(new Set(times).size).toBe(40);
  for (const time of times) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}-06:00$/);
});

test("filters tell microseconds apart", async () => {
  const opened = await open();
  const { objects } = Changed.parse(
    await opened.control("POST", "change", { type: "update", resource: "products", count: 2 }),
  );
  const [first, second] = objects.map(([, id]) => id);
  const modified = (await ledger(opened, "products")).find(({ id }) => id === first)?.state["modified"];
  const { path, page, id, schema } = leaflink.resources.products;
  const found = async (filter: string) =>
    new Set((await walk(opened, path, page, { [filter]: String(modified) })).map((raw) => id(schema.parse(raw))));
  expect(await found("modified__gte")).toEqual(new Set([first, second]));
  expect(await found("modified__gt")).toEqual(new Set([second]));
  expect((await found("modified__lt")).size).toBe(seed.products - 2);
});

test("an order goes through its transitions, by the API too, and refuses what does not follow", async () => {
  const opened = await open({ seed: { orders: 40, products: 20, customers: 5 } });
  const draft = (await ledger(opened, "orders")).find(({ state }) => state["status"] === "Draft");
  const path = `/api/v2/orders-received/${draft?.id ?? ""}/transition/`;
  const go = async (action: string) => {
    const response = await opened.call(`${path}${action}/`, { method: "POST" });
    return response.ok ? z.looseObject({ status: z.string() }).parse(await response.json()).status : response.status;
  };
  const seen = [];
  for (const action of ["ship", "submit", "accept", "fulfill", "ship", "cancel", "complete", "reject"])
    seen.push(await go(action));
  expect(seen).toEqual([400, "Submitted", "Accepted", "Fulfilled", "Shipped", 400, "Complete", 400]);
  const after = (await ledger(opened, "orders")).find(({ id }) => id === draft?.id);
  expect(after).toMatchObject({
    revision: 6,
    state: { paid: true, available_transitions: [], payment_balance: "0.00" },
  });
});

test("an order's lines come when they are asked for, and add up to its total", async () => {
  const opened = await open();
  await opened.control("POST", "change", { type: "update", resource: "orders", count: 60 });
  const { path, onePath, page, query, schema, toRecord, model } = leaflink.resources.orders;
  const Lines = z.looseObject({
    total: z.object({ amount: z.string() }),
    lines: z.array(z.looseObject({ quantity: z.string(), unitPrice: z.object({ amount: z.string() }) })).min(1),
  });
  for (const raw of await walk(opened, path, page, query)) {
    const { total, lines } = Lines.parse(model.schema.parse(toRecord(schema.parse(raw))));
    const cents = lines.map((line) => Math.round(Number(line.quantity) * Number(line.unitPrice.amount) * 100));
    expect(Number(total.amount)).toBeCloseTo(cents.reduce((sum, one) => sum + one, 0) / 100, 2);
  }
  const [first] = await ledger(opened, "orders");
  const bare = await read(opened, onePath(first?.id ?? ""));
  expect(bare.kind === "ok" && "line_items" in z.looseObject({}).parse(bare.body)).toBe(false);
  const listed = await (await opened.call(`/api/v2${onePath(first?.id ?? "")}line-items/`)).json();
  expect(listed).toEqual(first?.state["line_items"]);
});

test("some orders name a customer that cannot be read any more, and the ledger knows who was told", async () => {
  const opened = await open();
  const { related, schema } = leaflink.resources.orders;
  const named = (await ledger(opened, "orders")).flatMap(({ state }) => related?.(schema.parse(state)) ?? []);
  const lost = (await ledger(opened, "customers")).find(({ deleted }) => deleted);
  expect(lost).toMatchObject({ revisionsServed: 0 });
  const times = named.filter(({ externalId }) => externalId === lost?.id).length;
  expect(times).toBeGreaterThan(5);
  expect(named.length).toBeGreaterThan(times + 100);
  const verdict = await read(opened, leaflink.resources.customers.onePath(lost?.id ?? ""));
  expect(verdict).toMatchObject({ kind: "failed", error: { code: "http-404" } });
  expect((await ledger(opened, "customers")).find(({ deleted }) => deleted)).toMatchObject({ revisionsServed: 1 });
});

test("a restarted sandbox goes on where it was", async () => {
  const dataDir = temporaryFolder();
  const body = JSON.stringify({ key, webhookKey, seed: { orders: 5, products: 5, customers: 5 } });
  const states: string[] = [];
  for (let life = 0; life < 2; life += 1) {
    const running = await startSandboxes([sandbox], { dataDir, clock: new ManualClock() });
    const address = running.addresses["leaflink"] ?? "";
    await fetch(`${address}/__sandbox/accounts`, { method: "POST", body });
    if (life === 0)
      await fetch(`${address}/__sandbox/change`, {
        method: "POST",
        body: JSON.stringify({ type: "update", count: 4 }),
      });
    const objects = Things.parse(await (await fetch(`${address}/__sandbox/ledger/objects`)).json()).objects;
    states.push(JSON.stringify(objects.map(({ id, revision, state }) => [id, revision, state])));
    await running.stop();
  }
  expect(states[1]).toBe(states[0]);
});
