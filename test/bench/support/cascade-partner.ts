import * as z from "zod";
import { definePartner, resource, slidingWindow } from "../../../lib/index.ts";
import type { ChildAsk, PageStrategy, PartnerDriver } from "../../../lib/index.ts";
import { defineModel } from "../../../lib/models/model.ts";
import { itemsAt } from "../../../lib/engine/pages/shape.ts";
import { stripe } from "../../../lib/partners/stripe/driver.ts";

const Thing = z.object({ id: z.string(), of: z.string(), text: z.string() });
const thing = defineModel("thing", 1, z.strictObject({ of: z.string(), text: z.string() }));

const wholeList: PageStrategy = {
  request: () => ({ kind: "query", query: {} }),
  read: (body) => ({ items: itemsAt(body, "items", 1_000), next: null, total: null }),
};

function kept(name: string) {
  return {
    model: thing,
    path: `/${name}`,
    page: wholeList,
    onePath: (id: string) => `/${name}/${id}`,
    everyMs: 300_000,
    fullEveryMs: 86_400_000,
    increment: null,
    schema: Thing,
    id: (raw: z.infer<typeof Thing>) => raw.id,
    toRecord: ({ of, text }: z.infer<typeof Thing>) => ({ of, text }),
  };
}

/** Parents that one call of a batch names. */
export const idsMax = 25;

function listOf(name: string, batched: boolean): ChildAsk {
  if (!batched) return { kind: "each", path: (id) => `/listings/${id}/${name}`, page: wholeList };
  const query = (ids: readonly string[]) => ({ of: ids.join(",") });
  return { kind: "batch", idsMax, path: `/${name}`, page: wholeList, query, parentId: "of" };
}

/** Listings with a detail each, media and transactions; more calls a second than anybody here sends. */
export function cascading(batched: boolean): PartnerDriver {
  return definePartner({
    name: "bench",
    title: "Bench",
    docs: "https://docs.bench.example",
    baseUrl: "https://api.bench.example",
    auth: stripe.auth,
    limits: [slidingWindow({ per: "account", requests: 10_000, perMs: 1_000 })],
    resources: {
      listings: resource({
        ...kept("listings"),
        children: [
          { resource: "details", ask: { kind: "one" } },
          { resource: "media", ask: listOf("media", batched) },
          { resource: "transactions", ask: listOf("transactions", batched) },
        ],
      }),
      details: resource({ ...kept("details"), isChildOnly: true }),
      media: resource({ ...kept("media"), isChildOnly: true }),
      transactions: resource({ ...kept("transactions"), isChildOnly: true }),
    },
  });
}

export const childrenOfEach = { media: 2, transactions: 2 } as const;

/** What the partner answers to a URL: a list of all listings, one detail, or the media or transactions of some. */
export function answerTo(url: string, listings: readonly string[]): unknown {
  const { pathname, searchParams } = new URL(url);
  const [, list = "", id = "", below = list] = pathname.split("/");
  if (list === "details") return thingOf(id, id);
  if (list === "listings" && id === "") return { items: listings.map((listing) => thingOf(listing, listing)) };
  const whose = list === "listings" ? [id] : (searchParams.get("of") ?? "").split(",");
  const count = below === "media" ? childrenOfEach.media : childrenOfEach.transactions;
  return {
    items: whose.flatMap((of) => Array.from({ length: count }, (_, index) => thingOf(`${of}-${below}-${index}`, of))),
  };
}

function thingOf(id: string, of: string) {
  return { id, of, text: "a thing of some length" };
}
