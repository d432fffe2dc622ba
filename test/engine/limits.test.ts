import fc from "fast-check";
import { expect, test } from "vitest";
import { quotaItemOf } from "../../lib/engine/limits.ts";
import { leaflink } from "../../lib/partners/leaflink/driver.ts";

const itemOf = (keyOwner: string, account: string | null = null) =>
  quotaItemOf(leaflink, { connectionId: "c", account, settings: { keyOwner } });

test("no owner's name makes its item that of a lease, which stands in the same table", () => {
  for (const owner of ["token#leaflink_1", "webhooks#leaflink_1"]) {
    expect(itemOf(owner)).not.toBe(`leaflink#${owner}`);
    expect(itemOf("", owner)).not.toBe(`leaflink#${owner}`);
  }
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1 }), (owner) => {
      expect(itemOf(owner).split("#")).toHaveLength(2);
    }),
  );
});

test("owners with different names have different items, however long these are", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), fc.nat(400), (one, other, length) => {
      const [first, second] = [one, other].map((name) => itemOf("ä".repeat(length) + name));
      expect(first === second).toBe(one === other);
      expect(first?.length).toBeLessThan(300);
    }),
  );
});

test("half of a surrogate pair is a name as well", () => {
  expect(itemOf("\ud800").split("#")).toHaveLength(2);
});
