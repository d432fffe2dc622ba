import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { extraOf, instantFromMs, instantFromSeconds, present } from "../../lib/models/common.ts";
import * as models from "../../lib/models/index.ts";

const { Instant, LocalDay, Money, customer, guest, minorDigitsOf, moneyFromMinor } = models;
const { payment, property, reservation } = models;

describe("money", () => {
  test.each([
    [1099, "usd", "10.99", "USD"],
    [5, "EUR", "0.05", "EUR"],
    [0, "usd", "0.00", "USD"],
    [-5, "usd", "-0.05", "USD"],
    [-1099, "usd", "-10.99", "USD"],
    [500, "jpy", "500", "JPY"],
    [0, "jpy", "0", "JPY"],
    [-7, "JPY", "-7", "JPY"],
    [5120, "kwd", "5.120", "KWD"],
    [1, "clf", "0.0001", "CLF"],
    [Number.MAX_SAFE_INTEGER, "usd", "90071992547409.91", "USD"],
  ])("%i of %s's smallest unit is %s", (amount, currency, text, code) => {
    const money = moneyFromMinor(amount, currency);
    expect(money).toEqual({ amount: text, currency: code });
    expect(Money.safeParse(money).success).toBe(true);
  });

  test("a driver's own count of digits comes first", () => {
    expect(moneyFromMinor(500, "ugx", 2)).toEqual({ amount: "5.00", currency: "UGX" });
  });

  test("keeps every amount exactly: its digits are the amount again", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer({ min: 0, max: 6 }), (amount, digits) => {
        const money = moneyFromMinor(amount, "xxx", digits);
        expect(Money.safeParse(money).success).toBe(true);
        expect(BigInt(money.amount.replace(".", ""))).toBe(BigInt(amount));
        expect(money.amount.split(".")[1]?.length ?? 0).toBe(digits);
      }),
    );
  });

  test.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    "%d is no whole number that can be trusted",
    (amount) => {
      expect(() => moneyFromMinor(amount, "usd")).toThrow(RangeError);
    },
  );

  test.each(["1e3", "01.00", ".5", "5.", "-0", "-0.00", "+1", "1,00", "", " 1", "NaN", "0x1"])(
    "%j is no amount",
    (amount) => {
      expect(Money.safeParse({ amount, currency: "USD" }).success).toBe(false);
    },
  );

  test.each(["usd", "US", "USDC", "", "U$D"])("%j is no currency code", (currency) => {
    expect(Money.safeParse({ amount: "1", currency }).success).toBe(false);
  });

  test("digits agree with the runtime's own table of currencies", () => {
    // CLDR says 0 where ISO 4217 has a smaller unit that nobody uses any more; amounts in APIs still count it.
    const unusedSmallUnits = new Set("AFN ALL COP HUF IDR IQD IRR KPW LAK LBP MGA MMK PKR SLL SOS SYP YER".split(" "));
    const codes = Intl.supportedValuesOf("currency").filter((code) => !unusedSmallUnits.has(code));
    expect(codes.length).toBeGreaterThan(100);
    for (const code of codes) {
      const format = new Intl.NumberFormat("en", { style: "currency", currency: code });
      expect([code, minorDigitsOf(code)]).toEqual([code, format.resolvedOptions().maximumFractionDigits]);
    }
    expect([...unusedSmallUnits].filter((code) => minorDigitsOf(code) === 0)).toEqual([]);
  });
});

describe("time", () => {
  test("an instant has one form alone", () => {
    expect(instantFromSeconds(1_777_900_000)).toBe("2026-05-04T13:06:40.000Z");
    expect(instantFromMs(1_777_900_000_123)).toBe("2026-05-04T13:06:40.123Z");
    for (const other of [
      "2026-05-04T13:06:40Z",
      "2026-05-04T15:06:40.000+02:00",
      "2026-05-04 13:06:40.000Z",
      "2026-02-30T00:00:00.000Z",
      "2026-05-04",
    ]) {
      expect(Instant.safeParse(other).success).toBe(false);
    }
  });

  test("a day is no instant", () => {
    expect(LocalDay.safeParse("2026-02-28").success).toBe(true);
    expect(LocalDay.safeParse("2026-02-29").success).toBe(false);
    expect(LocalDay.safeParse("2026-05-04T13:06:40.000Z").success).toBe(false);
  });
});

describe("null, empty and missing", () => {
  const created = { id: "cus_1", createdAt: "2026-05-04T13:06:40.000Z", extra: {} };

  test("are three things", () => {
    expect(customer.schema.parse({ ...created, name: null })).toEqual({ ...created, name: null });
    expect(customer.schema.parse({ ...created, name: "" })).toEqual({ ...created, name: "" });
    expect(customer.schema.parse(created)).toEqual(created);
    expect(Object.hasOwn(customer.schema.parse(created), "name")).toBe(false);
  });

  test("undefined is none of them", () => {
    expect(customer.schema.safeParse({ ...created, name: undefined }).success).toBe(false);
  });

  test("present drops undefined and nothing else", () => {
    expect(Object.entries(present({ a: undefined, b: null, c: "", d: 0, e: false }))).toEqual([
      ["b", null],
      ["c", ""],
      ["d", 0],
      ["e", false],
    ]);
  });
});

describe("models", () => {
  test("have names, whole versions, and no field that nobody declared", () => {
    for (const model of [payment, customer, reservation, property, guest]) {
      expect(model.name).toMatch(/^[a-z]+$/);
      expect(Number.isInteger(model.version) && model.version > 0).toBe(true);
      const result = model.schema.safeParse({ nobodyDeclaredThis: 1 });
      expect(result.error?.issues.some((issue) => issue.code === "unrecognized_keys")).toBe(true);
    }
  });

  test("extra keeps everything that was not taken, whatever its name", () => {
    const raw: Record<string, unknown> = Object.fromEntries<unknown>([
      ["id", "1"],
      ["constructor", 2],
      ["__proto__", { polluted: true }],
      ["toString", null],
    ]);
    const extra = extraOf(raw, ["id"]);
    expect(Object.keys(extra).toSorted()).toEqual(["__proto__", "constructor", "toString"]);
    expect(Object.getPrototypeOf(extra)).toBe(Object.prototype);
  });
});
