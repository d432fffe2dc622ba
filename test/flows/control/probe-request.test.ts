import { expect, test } from "vitest";
import { probeRequestOf } from "../../../lib/flows/probe-partner.ts";
import { acme } from "../support/acme.ts";

const { orders } = acme.resources;
if (orders === undefined) throw new Error("Acme has no orders");

test("a probe by a page of the list counts as much as the page does", () => {
  const heavy = { ...acme, resources: { orders: { ...orders, weight: { page: 5, one: 1 } } } };
  expect(probeRequestOf(heavy)).toMatchObject({ path: "/orders", weight: 5 });
  expect(probeRequestOf(acme)).not.toHaveProperty("weight");
});

test("a driver's own probe is taken as it is", () => {
  const probe = { method: "GET", path: "/me", query: {}, endpoint: "GET /me", weight: 2 } as const;
  expect(probeRequestOf({ ...acme, probe })).toEqual(probe);
});
