import * as z from "zod";
import { definePartner, feed, resource, webhook } from "../../../lib/engine/define-partner.ts";
import type { Increment, PartnerDriver } from "../../../lib/engine/define-partner.ts";
import { keysetPages } from "../../../lib/engine/pages/keyset.ts";
import { nextLinkPages } from "../../../lib/engine/pages/next-link.ts";
import { offsetPages } from "../../../lib/engine/pages/offset.ts";
import type { PageStrategy } from "../../../lib/engine/pages/page-strategy.ts";
import { defineModel } from "../../../lib/models/model.ts";
import type { PartnerConditions } from "../world/conditions.ts";
import { regimes } from "./limits.ts";
import type { Regime } from "./limits.ts";

const minute = 60_000;
export const pageSize = 10;
export const resourceName = "orders";

const Order = z.object({ id: z.string(), amount: z.int(), updated: z.int() });
const order = defineModel("order", 1, z.strictObject({ amount: z.string() }));
export const EventBody = z.object({ account: z.string(), touched: z.array(z.string()) });

export function regimeOf(conditions: Pick<PartnerConditions, "limit">): Regime {
  const regime = regimes[conditions.limit % regimes.length];
  if (regime === undefined) throw new RangeError("no limits to draw from");
  return regime;
}

/** The driver of a partner that exists in this world alone: what its seed drew decides what it can do. */
export function driverOf(conditions: PartnerConditions, uncertaintyMs: number): PartnerDriver {
  return definePartner({
    name: conditions.name,
    title: `Simulated ${conditions.name}`,
    docs: `https://docs.${conditions.name}.example`,
    baseUrl: `https://api.${conditions.name}.example/v1`,
    auth: {
      kind: "header",
      header: "authorization",
      prefix: "Bearer ",
      field: "apiKey",
      credential: z.strictObject({ apiKey: z.string() }),
    },
    ...(regimeOf(conditions).tellsRemaining === true && { hints: ["retry-after", "x-rate-limit"] as const }),
    limits: regimeOf(conditions).declared.map((limit) => ({ ...limit, uncertaintyMs })),
    webhook: webhook({
      verify: (request) =>
        request.secrets.includes(request.headers["x-word"] ?? "") ? { ok: true } : { ok: false, reason: "mismatch" },
      schema: EventBody,
      dedupeKey: (event) => JSON.stringify(event),
      account: (event) => event.account,
      touches: (event) => event.touched.map((externalId) => ({ resource: resourceName, externalId })),
    }),
    resources: {
      [resourceName]: resource({
        model: order,
        path: "/orders",
        page: pagesOf(conditions.pages),
        onePath: (id) => `/orders/${id}`,
        weight: { page: regimeOf(conditions).pageWeight ?? 1, one: 1 },
        everyMs: 10 * minute,
        fullEveryMs: conditions.fullEveryMs,
        increment: incrementOf(conditions),
        schema: Order,
        id: (raw) => raw.id,
        ...(conditions.order === "version" ? { version: (raw: z.infer<typeof Order>) => raw.updated } : {}),
        toRecord: (raw) => ({ amount: String(raw.amount) }),
      }),
    },
  });
}

function incrementOf({ increment, overlapMs }: PartnerConditions): Increment | null {
  const query = (sinceMs: number): Readonly<Record<string, string>> => ({ since: String(sinceMs) });
  switch (increment) {
    case "none":
      return null;
    case "filter":
      return { kind: "filter", overlapMs, query };
    case "feed":
      return feed({
        overlapMs,
        reachMs: 24 * 60 * minute,
        path: "/changes",
        page: pagesOf("offset"),
        query,
        schema: z.object({ order: z.string() }),
        touches: (item) => [item.order],
      });
  }
}

function pagesOf(kind: PartnerConditions["pages"]): PageStrategy {
  const limit = { parameter: "limit", size: pageSize };
  switch (kind) {
    case "keyset":
      return keysetPages({ items: "items", more: "more", id: "id", after: "after", limit });
    case "offset":
      return offsetPages({ items: "items", total: "total", skip: "skip", limit });
    case "link":
      return nextLinkPages({ items: "items", next: "next", total: "total", limit });
  }
}
