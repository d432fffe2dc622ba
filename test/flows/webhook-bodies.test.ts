import { describe, expect, test } from "vitest";
import * as z from "zod";
import { webhook } from "../../lib/engine/define-partner.ts";
import type { WebhookDriver } from "../../lib/engine/define-partner.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { acme } from "./support/acme.ts";
import { acmeWith, connectTenants, post, tenantOf } from "./support/posts.ts";
import { runUntilIdle } from "./support/world.ts";

const verify: WebhookDriver["verify"] = acme.webhook?.verify ?? (() => ({ ok: false, reason: "no-secret" }));
const order = (externalId: string) => [{ resource: "orders", externalId }] as const;

/** As Twilio posts: https://www.twilio.com/docs/usage/webhooks/messaging-webhooks */
const form = webhook({
  verify,
  body: "form",
  schema: z.looseObject({ AccountSid: z.string(), MessageSid: z.string() }),
  dedupeKey: ({ MessageSid }) => MessageSid,
  account: ({ AccountSid }) => AccountSid,
  touches: ({ MessageSid }) => order(MessageSid),
});

const texts = z.tuple([z.looseObject({ "#text": z.string() })]).transform(([{ "#text": text }]) => text);
const xml = webhook({
  verify,
  body: "xml",
  schema: z.object({
    Notice: z.tuple([
      z.object({ "@account": z.string(), Orders: z.tuple([z.object({ Order: z.array(z.object({ Id: texts })) })]) }),
    ]),
  }),
  dedupeKey: () => null,
  account: ({ Notice: [notice] }) => notice["@account"],
  touches: ({ Notice: [notice] }) => notice.Orders[0].Order.flatMap(({ Id }) => order(Id)),
});

/** As Google notifies: an empty body, and what it is about in headers. https://developers.google.com/workspace/calendar/api/guides/push */
const none = webhook({
  verify,
  body: "none",
  keepHeaders: ["x-goog-channel-id", "x-goog-resource-state", "x-goog-message-number"],
  schema: z.object({ "x-goog-channel-id": z.string(), "x-goog-resource-state": z.string() }),
  dedupeKey: (_, { headers }) => `${headers["x-goog-channel-id"]} ${headers["x-goog-message-number"]}`,
  account: (event) => event["x-goog-channel-id"],
  touches: (event) => (event["x-goog-resource-state"] === "sync" ? [] : order("order-1")),
});

/** As Shopify posts: whose it is and what it tells of are beside the body. https://shopify.dev/docs/apps/build/webhooks */
const beside = webhook({
  verify,
  keepHeaders: ["x-shopify-shop-domain", "x-shopify-topic", "x-shopify-webhook-id"],
  schema: z.looseObject({ id: z.string() }),
  dedupeKey: (_, { headers }) => headers["x-shopify-webhook-id"] ?? null,
  account: (_, { headers }) => headers["x-shopify-shop-domain"] ?? null,
  touches: ({ id }, { headers }) => (headers["x-shopify-topic"]?.startsWith("orders/") === true ? order(id) : []),
});

const ordersOf = (ports: MemoryPorts) =>
  ports.records.all().map(({ connectionId, externalId }) => [connectionId, externalId]);

async function posted(driver: WebhookDriver, body: string, headers: Record<string, string> = {}): Promise<MemoryPorts> {
  const partner = acmeWith(driver);
  const { ports } = await connectTenants(2, partner);
  const answer = await post(ports, body, { headers: { "x-acme-word": "word", ...headers } });
  expect(answer.status).toBe(202);
  await runUntilIdle(ports, null, partner);
  return ports;
}

describe("a webhook's body", () => {
  test.each<[string, WebhookDriver, string, Record<string, string>]>([
    ["a form", form, "AccountSid=acct-1&MessageSid=order-1&Body=a+b", {}],
    ["XML", xml, '<Notice account="acct-1"><Orders><Order><Id>order-1</Id></Order></Orders></Notice>', {}],
    [
      "empty, with the facts in headers",
      none,
      "",
      { "x-goog-channel-id": "acct-1", "x-goog-resource-state": "exists", "x-goog-message-number": "7" },
    ],
    [
      "JSON, with whose it is beside it",
      beside,
      '{"id":"order-1"}',
      { "x-shopify-shop-domain": "acct-1", "x-shopify-topic": "orders/updated", "x-shopify-webhook-id": "w1" },
    ],
  ])("that is %s becomes a record of the account that it names", async (_what, driver, body, headers) => {
    expect(ordersOf(await posted(driver, body, headers))).toEqual([[tenantOf(1).connectionId, "order-1"]]);
  });

  test.each<[string, WebhookDriver, string, string, RegExp]>([
    ["form", form, "AccountSid=%zz", "webhook-not-form", /a broken escape/],
    ["form that lacks a field", form, "AccountSid=acct-1", "webhook-shape", /MessageSid: invalid_type/],
    ["XML", xml, "<Notice>", "webhook-not-xml", /not well-formed at 1:8/],
    ["XML with a DOCTYPE", xml, "<!DOCTYPE a [<!ENTITY b 'b'>]><a>&b;</a>", "webhook-not-xml", /a DOCTYPE/],
    ["set of headers", none, "", "webhook-shape", /x-goog-channel-id: invalid_type/],
    ["JSON", beside, "", "webhook-not-json", /it is empty/],
  ])("that is no such %s is a data failure that says why", async (_what, driver, body, code, says) => {
    const ports = await posted(driver, body);
    const { items } = await ports.failures.list({ status: "open" }, { limit: 10, cursor: null });
    expect(items.map(({ why }) => [why.kind, why.code])).toEqual([["data", code]]);
    expect(items[0]?.why.message).toMatch(says);
  });

  test("of a form keeps the sender's data out of failures and logs", async () => {
    const ports = await posted(form, "AccountSid=acct-1&Body=the+secret+text&MessageSid=%zz");
    expect(JSON.stringify([ports.log.lines, ports.lanes.givenUp.map(({ why }) => why)])).not.toMatch(/secret/);
  });
});
