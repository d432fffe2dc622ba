import { array, assert, constantFrom, dictionary, jsonValue, property, record, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { driftOf } from "../../lib/engine/drift.ts";
import { isFieldName, learn, noShape, pathsMax, ShapeSeen } from "../../lib/engine/shape.ts";

const seenOf = (...items: readonly unknown[]): ShapeSeen => {
  const seen = new ShapeSeen();
  for (const item of items) seen.look(item);
  return seen;
};
const times = (count: number, item: unknown): readonly unknown[] => Array.from({ length: count }, () => item);
const shapeOf = (...items: readonly unknown[]) => learn(noShape, seenOf(...items));
const said = (before: readonly unknown[], after: readonly unknown[]) =>
  driftOf(shapeOf(...before), seenOf(...after)).map(({ kind, severity, path }) => `${severity} ${kind} ${path}`);

describe("drift", () => {
  const order = { id: "1", total: 5, guest: { name: "a", phones: ["1"] }, lines: [{ sku: "s" }] };

  test.each([
    ["nothing where nothing is remembered", [], [order], []],
    ["nothing where all is as it was", [order], [order, { ...order, total: 7 }], []],
    ["a field more, and of what it holds nothing", [order], [{ ...order, tax: { rate: 1 } }], ["harmless added tax"]],
    [
      "a field more in a list's entries",
      [order],
      [{ ...order, lines: [{ sku: "s", tax: 1 }] }],
      ["harmless added lines[].tax"],
    ],
    ["another type", [order], [{ ...order, total: "5" }], ["breaking retyped total"]],
    ["another type of a list's entries", [order], [{ ...order, lines: ["s"] }], ["breaking retyped lines[]"]],
    ["a null no more than one that goes", [order, { ...order, tax: null }], [{ ...order, total: null, tax: 1 }], []],
    ["a list's first entry no more", [{ ...order, lines: [] }], [order], []],
    ["a null's first object no more", [{ ...order, guest: null }], [order], []],
  ])("is %s", (_, before, after, expected) => {
    expect(said(before, after)).toEqual(expected);
  });

  test("is a field that was always there, once ten things lack it", () => {
    const { guest: _, ...without } = order;
    expect(said(times(10, order), times(10, without))).toEqual(["notable missing guest"]);
    expect(said(times(10, order), times(9, without))).toEqual([]);
    expect(said(times(9, order), times(10, without))).toEqual([]);
    expect(said(times(10, order), [...times(10, without), order])).toEqual([]);
    expect(said([...times(10, order), without], times(10, without))).toEqual([]);
  });

  test("is told once: what was told is remembered", () => {
    const { guest: _, ...rest } = order;
    const changed = times(10, { ...rest, total: "5", tax: 1 });
    const shape = shapeOf(...times(10, order));
    expect(driftOf(shape, seenOf(...changed))).toHaveLength(3);
    const learnt = learn(shape, seenOf(...changed));
    expect(driftOf(learnt, seenOf(...changed))).toEqual([]);
    expect(driftOf(learnt, seenOf(...times(10, order)))).toEqual([]);
  });

  test("is nothing inside a map, whose keys are data", () => {
    const by = (key: string, value: unknown) => ({ ...order, prices: { [key]: value } });
    expect(said([by("2026-01-01", 5)], [by("2026-01-02", 6), by("tomorrow", "7")])).toEqual([]);
    expect(said(times(10, by("weekday", 5)), times(10, by("2026-01-02", 6)))).toEqual([]);
  });
});

describe("a shape", () => {
  test("holds no key that is no field's name", () => {
    for (const key of ["ada@example.com", "cus_83920117", "2026-01-01", "+41 79 000", "", "x".repeat(65)])
      expect(isFieldName(key)).toBe(false);
    expect(shapeOf({ "ada@example.com": { name: "Ada" } }).paths.has("*.name")).toBe(true);
  });

  test("holds no value, whatever comes, and is bounded", () => {
    const thing = record({ secret: string({ minLength: 1 }), more: jsonValue({ maxDepth: 6 }) });
    assert(
      property(array(thing, { maxLength: 5 }), (things) => {
        const shape = shapeOf(...things.map((each) => ({ ...each, secret: `value-${each.secret}` })));
        expect(shape.paths.size).toBeLessThanOrEqual(pathsMax);
        expect([...shape.paths.keys()].filter((path) => path.includes("value-"))).toEqual([]);
        expect(driftOf(shape, seenOf(...things.map((each) => ({ ...each, secret: "value" }))))).toEqual([]);
      }),
    );
  });

  test("that is full tells of no field more", () => {
    const wide = (letter: string) =>
      Object.fromEntries(
        Array.from({ length: 50 }, (_, index) => [`${letter}${index}`, { a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1 }]),
      );
    const shape = shapeOf(wide("a"));
    expect(shape.paths.size).toBe(pathsMax);
    expect(driftOf(shape, seenOf(wide("b"))).filter(({ kind }) => kind === "added")).toEqual([]);
  });

  test("is the same whatever the turns that it was learnt in", () => {
    const thing = dictionary(constantFrom("a", "b", "c"), jsonValue({ maxDepth: 1 }));
    assert(
      property(array(thing, { minLength: 2, maxLength: 8 }), (things) => {
        const whole = shapeOf(...things);
        const halves = learn(shapeOf(...things.slice(0, 1)), seenOf(...things.slice(1)));
        const typesOf = (shape: typeof whole) =>
          Object.fromEntries([...shape.paths].map(([path, { types }]) => [path, types]));
        expect(typesOf(halves)).toEqual(typesOf(whole));
      }),
    );
  });
});
