import { describe, expect, test } from "vitest";
import * as z from "zod";
import { definePartner, resource } from "../../lib/engine/define-partner.ts";
import type { Increment } from "../../lib/engine/define-partner.ts";
import { importStrategyOf } from "../../lib/engine/import-strategy.ts";
import { defineModel } from "../../lib/models/model.ts";
import { acme, numberedPages } from "../flows/support/acme.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const filter: Increment = { kind: "filter", overlapMs: minuteMs, query: () => ({}) };
const token: Increment = { kind: "sync-token", overlapMs: 0, query: () => ({}) };
const feedOf = (reachMs: number): Increment => ({
  kind: "feed",
  overlapMs: minuteMs,
  reachMs,
  path: "/changes",
  page: numberedPages,
  query: () => ({}),
  schema: z.object({}),
  touches: () => [],
});
const none = undefined;
const some = {};
const all = { covers: ["orders"] };
const others = { covers: ["invoices"] };

describe("a resource is imported", () => {
  test.each([
    ["daily by changes where webhooks tell of all", all, filter, "webhooks", dayMs, 7 * dayMs],
    ["daily by its token where webhooks tell of all", all, token, "webhooks", dayMs, 7 * dayMs],
    [
      "daily as a whole where webhooks tell of all and changes cannot be asked for",
      all,
      null,
      "webhooks",
      dayMs,
      dayMs,
    ],
    ["twice at least before a feed forgets", all, feedOf(dayMs), "webhooks", 12 * hourMs - minuteMs, 7 * dayMs],
    ["by changes every 15 minutes where nothing else tells", none, filter, "updated-since", 15 * minuteMs, dayMs],
    ["by changes hourly where webhooks may miss some", some, filter, "updated-since", hourMs, dayMs],
    ["by changes hourly where webhooks are of other things", others, filter, "updated-since", hourMs, dayMs],
    ["by events every 15 minutes", none, feedOf(30 * dayMs), "events", 15 * minuteMs, 7 * dayMs],
    ["by events hourly where webhooks may miss some", some, feedOf(30 * dayMs), "events", hourMs, 7 * dayMs],
    ["by events as often as they are forgotten", none, feedOf(20 * minuteMs), "events", 9 * minuteMs, 7 * dayMs],
    ["by its token every 15 minutes", none, token, "sync-token", 15 * minuteMs, 7 * dayMs],
    ["as a whole every 4 hours where there is nothing else", none, null, "full", 4 * hourMs, 4 * hourMs],
    ["as a whole every 6 hours where webhooks tell of most", some, null, "full", 6 * hourMs, 6 * hourMs],
  ] as const)("%s", (_, webhook, increment, strategy, everyMs, fullEveryMs) => {
    expect(importStrategyOf("orders", { webhook, increment })).toMatchObject({ strategy, everyMs, fullEveryMs });
  });

  test("as a whole daily where its pages are dear", () => {
    const weight = { page: 10, one: 1 };
    expect(importStrategyOf("orders", { webhook: none, increment: null, weight }).everyMs).toBe(dayMs);
    expect(importStrategyOf("orders", { webhook: none, increment: filter, weight }).everyMs).toBe(15 * minuteMs);
  });
});

describe("a driver", () => {
  const schema = z.object({ id: z.string() });
  const stated = {
    model: defineModel("thing", 1, schema),
    path: "/things",
    page: numberedPages,
    onePath: (id: string) => `/things/${id}`,
    increment: filter,
    schema,
    id: (raw: { id: string }) => raw.id,
    toRecord: (raw: { id: string }) => raw,
  };
  const { webhook: _, ...silent } = acme;

  test("that states no times is imported by what its partner can do, and one that states some as it says", () => {
    const { resources } = definePartner({
      ...silent,
      resources: {
        usual: resource(stated),
        often: resource({ ...stated, everyMs: minuteMs }),
        seldom: resource({ ...stated, everyMs: 2 * dayMs }),
        whole: resource({ ...stated, fullEveryMs: 5 * minuteMs }),
      },
    });
    expect(resources.usual).toMatchObject({ everyMs: 15 * minuteMs, fullEveryMs: dayMs });
    expect(resources.often).toMatchObject({ everyMs: minuteMs, fullEveryMs: dayMs });
    expect(resources.seldom).toMatchObject({ everyMs: 2 * dayMs, fullEveryMs: 2 * dayMs });
    expect(resources.whole).toMatchObject({ everyMs: 5 * minuteMs, fullEveryMs: 5 * minuteMs });
  });
});
