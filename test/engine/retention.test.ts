import { describe, expect, test } from "vitest";
import { endsAtSeconds, retentionOf } from "../../lib/engine/retention.ts";
import type { Retention } from "../../lib/engine/retention.ts";
import { registryOf } from "../../lib/engine/registry.ts";
import { acme } from "../flows/support/acme.ts";

const { orders } = acme.resources;
if (orders === undefined) throw new Error("acme has orders");

function kept(stage: Retention, own?: Retention): Retention {
  const driver = { ...acme, resources: { orders: { ...orders, ...(own !== undefined && { retention: own }) } } };
  // What is spread is a driver whose resource is there.
  return retentionOf(registryOf([driver as typeof acme]), stage, { partner: "acme", resource: "orders" });
}

describe("how long states are kept", () => {
  test.each<[string, Retention, Retention | undefined, Retention]>([
    ["for ever, unless somebody says", {}, undefined, {}],
    ["as the stage says", { historyDays: 400 }, undefined, { historyDays: 400 }],
    ["as the driver says before it", { historyDays: 400 }, { historyDays: 30 }, { historyDays: 30 }],
    ["each by whoever says it", { historyDays: 400 }, { recordsDays: 500 }, { historyDays: 400, recordsDays: 500 }],
    ["no state of a record longer than the record", {}, { recordsDays: 30 }, { historyDays: 30, recordsDays: 30 }],
    ["nor where both are said", { historyDays: 90 }, { recordsDays: 30 }, { historyDays: 30, recordsDays: 30 }],
  ])("%s", (_, stage, own, expected) => expect(kept(stage, own)).toEqual(expected));

  test("an end is in seconds, and none before its day is over", () => {
    expect(endsAtSeconds(1_500, 1)).toBe(2 + 86_400);
    expect(endsAtSeconds(1_500, undefined)).toBeNull();
  });
});
