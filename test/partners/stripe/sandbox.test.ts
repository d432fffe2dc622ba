import { expect, test } from "vitest";
import { classifyAnswer } from "../../../lib/engine/classify.ts";
import type { PageStrategy } from "../../../lib/engine/pages/page-strategy.ts";
import type { Cursor } from "../../../lib/engine/run.ts";
import { stripe } from "../../../lib/partners/stripe/driver.ts";
import type { StripeResource } from "../../../lib/partners/stripe/events.ts";
import { change, ledgerObjects, noLimits, openSandbox } from "../../local/sandbox/support/open-sandbox.ts";
import type { OpenSandbox } from "../../local/sandbox/support/open-sandbox.ts";
import { mapThing } from "../contract/resources.ts";

/** The driver against Stripe's stand-in, which shares no code with it: what both read out of the documentation has to agree. */
const seed = { charges: 230, paymentIntents: 120, customers: 110 };
const kinds = { charges: "charge", paymentIntents: "payment_intent", customers: "customer" } as const;
const names: readonly StripeResource[] = ["charges", "paymentIntents", "customers"];

async function get(open: OpenSandbox, path: string, query: Readonly<Record<string, string>>): Promise<unknown> {
  const response = await open.call(`/v1${path}?${new URLSearchParams(query).toString()}`, {
    headers: stripe.headers ?? {},
  });
  const body = new Uint8Array(await response.arrayBuffer());
  const headers = Object.fromEntries(response.headers);
  const answer = { kind: "answered" as const, status: response.status, headers, body };
  const verdict = classifyAnswer(stripe, answer, { nowMs: 0, call: path, redact: (text) => text });
  if (verdict.kind === "failed") throw verdict.error;
  return verdict.body;
}

async function walk(
  open: OpenSandbox,
  path: string,
  page: PageStrategy,
  more: Readonly<Record<string, string>> = {},
): Promise<unknown[]> {
  const items: unknown[] = [];
  let cursor: Cursor | null = null;
  do {
    const call = page.request(cursor);
    if (call.kind !== "query") throw new Error("Stripe's pages are asked for by a query");
    const content = page.read(await get(open, path, { ...more, ...call.query }), cursor);
    items.push(...content.items);
    cursor = content.next;
  } while (cursor !== null);
  return items;
}

test.each(names)("%s: a full pass brings everything there is, each mapped, each once", async (name) => {
  const open = await openSandbox({ account: { seed, limits: noLimits } });
  const resource = stripe.resources[name];
  const things = await walk(open, resource.path, resource.page);
  const mapped = things.map((raw) => mapThing(resource, raw));
  const there = (await ledgerObjects(open, `&type=${kinds[name]}`)).filter((object) => !object.deleted);
  expect(there).toHaveLength(seed[name]);
  expect(mapped.filter((one) => one.kind === "bad")).toEqual([]);
  expect(mapped.map((one) => (one.kind === "mapped" ? one.id : "")).toSorted()).toEqual(
    there.map((object) => object.id).toSorted(),
  );
});

test("the feed names everything that has changed since, and nothing of another resource", async () => {
  const open = await openSandbox({ account: { seed, limits: noLimits } });
  const resources = { charges: "charges", paymentIntents: "payment_intents", customers: "customers" } as const;
  for (const name of names) {
    const { increment } = stripe.resources[name];
    if (increment?.kind !== "feed") throw new Error("Stripe's changes come from a feed");
    const changes = await change(open, { type: "update", resource: resources[name], count: 12 });
    const events = await walk(open, increment.path, increment.page, increment.query(0));
    const named = new Set(events.flatMap((event) => increment.touches(increment.schema.parse(event))));
    const changed = changes.objects.filter(([type]) => type === kinds[name]).map(([, id]) => id);
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.filter((id) => !named.has(id))).toEqual([]);
    const known = new Set((await ledgerObjects(open, `&type=${kinds[name]}`)).map((object) => object.id));
    expect([...named].filter((id) => !known.has(id))).toEqual([]);
  }
});

test("a deleted customer is named by the feed, and a GET of it says that it is gone", async () => {
  const open = await openSandbox({ account: { seed, limits: noLimits } });
  const { increment, schema, gone, onePath } = stripe.resources.customers;
  if (increment?.kind !== "feed") throw new Error("Stripe's changes come from a feed");
  const changes = await change(open, { type: "delete", resource: "customers", count: 3 });
  const events = await walk(open, increment.path, increment.page, increment.query(0));
  const named = new Set(events.flatMap((event) => increment.touches(increment.schema.parse(event))));
  expect(changes.objects.length).toBe(3);
  for (const [, id] of changes.objects) {
    expect(named.has(id)).toBe(true);
    expect(gone?.(schema.parse(await get(open, onePath(id), {})))).toBe(true);
  }
});
