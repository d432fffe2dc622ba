import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as models from "../../lib/models/index.ts";

const { Decimal, Money, customer, decimalFrom, moneyFromDecimal, order, product } = models;

describe("decimals", () => {
  test.each([
    ["120.0000", "120"],
    ["0.00", "0"],
    ["-0.00", "0"],
    ["0012.50", "12.5"],
    ["-3.25", "-3.25"],
    ["7.", "7"],
    ["90071992547409931234.0001", "90071992547409931234.0001"],
    [680, "680"],
    [-0, "0"],
    [0.1 + 0.2, "0.3"],
    [812.4000000000001, "812.4"],
  ])("%j is %s", (value, text) => {
    expect(decimalFrom(value)).toBe(text);
  });

  test.each(["", " 1", "1e3", "1,000", ".5", "--1", "+1", "0x1", "NaN", Number.NaN, Infinity, 1e21, 1e-7])(
    "%j is none",
    (value) => {
      expect(decimalFrom(value)).toBeNull();
    },
  );

  test("have one form, whether text or number, and keep their value", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.nat(4), fc.nat(5), (units, digits, zeros) => {
        const number = Number((units / 10 ** digits).toFixed(digits));
        const fromText = decimalFrom(number.toFixed(digits + zeros));
        expect(fromText).toBe(decimalFrom(number));
        expect(Decimal.safeParse(fromText).success).toBe(true);
        expect(Number(fromText)).toBe(number === 0 ? 0 : number);
      }),
    );
  });
});

describe("money of decimals", () => {
  test.each([
    ["420.1000", "USD", "420.10"],
    [594, "usd", "594.00"],
    ["0.00", "USD", "0.00"],
    ["-0.00", "USD", "0.00"],
    [-12.5, "CAD", "-12.50"],
    ["0.0575", "USD", "0.0575"],
    ["500.00", "JPY", "500"],
    [5.12, "KWD", "5.120"],
  ])("%j %s is %s", (value, currency, amount) => {
    const money = moneyFromDecimal(value, currency);
    expect(money).toEqual({ amount, currency: currency.toUpperCase() });
    expect(Money.safeParse(money).success).toBe(true);
  });

  test.each([
    ["1e3", "USD"],
    ["", "USD"],
    [Number.NaN, "USD"],
    ["1.00", ""],
    ["1.00", "dollars"],
  ])("%j of %j is none", (value, currency) => {
    expect(moneyFromDecimal(value, currency)).toBeNull();
  });
});

describe("orders, products and what customers gained", () => {
  const createdAt = "2026-05-04T13:06:40.000Z";

  test("an order needs an id, a status and a time, and its lines an id and a quantity", () => {
    const line = { id: "1", quantity: "2.5", extra: {} };
    const bare = { id: "o", status: "draft", partnerStatus: "Draft", createdAt, extra: {} };
    expect(order.schema.parse({ ...bare, lines: [line] })).toEqual({ ...bare, lines: [line] });
    expect(order.schema.safeParse({ ...bare, lines: [{ ...line, quantity: "2.50" }] }).success).toBe(false);
    expect(order.schema.safeParse({ ...bare, paidDay: createdAt }).success).toBe(false);
    expect(order.schema.safeParse({ ...bare, updatedAt: null }).success).toBe(false);
  });

  test("a product needs no time and no price", () => {
    const bare = { id: "p", name: "", status: "archived", partnerStatus: "Archived", extra: {} };
    expect(product.schema.parse(bare)).toEqual(bare);
    expect(product.schema.safeParse({ ...bare, status: "Archived" }).success).toBe(false);
  });

  test("a customer from before is one still", () => {
    const before = { id: "c", createdAt, extra: {} };
    expect(customer.schema.parse(before)).toEqual(before);
    expect(customer.schema.parse({ ...before, archived: true, updatedAt: createdAt })["archived"]).toBe(true);
  });

  test("hold no field that nobody declared", () => {
    for (const model of [order, product]) {
      const result = model.schema.safeParse({ nobodyDeclaredThis: 1 });
      expect(result.error?.issues.some((issue) => issue.code === "unrecognized_keys")).toBe(true);
    }
  });
});
