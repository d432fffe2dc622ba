import { expect, test } from "vitest";
import { noFacts } from "../../lib/engine/webhook-event.ts";
import type { PageContent } from "../../lib/engine/pages/page-strategy.ts";
import type { Cursor } from "../../lib/engine/run.ts";
import { stripe } from "../../lib/partners/index.ts";
import { chargePages } from "../bench/support/pages.ts";
import { stripeCharge, stripeEvent } from "../bench/support/stripe-event.ts";

test.each([2_000, 4_000, 64_000])("an event of about %d bytes is one that the driver takes", (bytes) => {
  const text = stripeEvent(7, bytes);
  expect(Math.abs(text.length - bytes)).toBeLessThan(100);
  const event = stripe.webhook?.schema.parse(JSON.parse(text));
  expect(stripe.webhook?.touches(event, noFacts)).toEqual([{ resource: "charges", externalId: stripeCharge(7)["id"] }]);
});

test("pages lead from one to the next and hold every charge once", () => {
  const pages = chargePages(250);
  const { page, schema, id } = stripe.resources.charges;
  const seen: string[] = [];
  let cursor: Cursor | null = null;
  do {
    const call = page.request(cursor);
    const after = call.kind === "query" ? (call.query["starting_after"] ?? null) : null;
    const content: PageContent = page.read(JSON.parse(pages.after(after).toString()), cursor);
    seen.push(...content.items.map((item) => id(schema.parse(item))));
    cursor = content.next;
  } while (cursor !== null);
  expect(new Set(seen).size).toBe(250);
  expect(seen).toHaveLength(250);
});
