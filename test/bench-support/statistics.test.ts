import { expect, test } from "vitest";
import { isWithin, summarise } from "../bench/support/statistics.ts";

test("a summary has the middle, the middle half and the ends, whatever order the values came in", () => {
  expect(summarise([5, 1, 4, 2, 3])).toEqual({ median: 3, low: 2, high: 4, min: 1, max: 5, count: 5 });
  expect(summarise([10, 2])).toEqual({ median: 6, low: 4, high: 8, min: 2, max: 10, count: 2 });
  expect(summarise([7])).toEqual({ median: 7, low: 7, high: 7, min: 7, max: 7, count: 1 });
});

test("numbers are not compared as text", () => {
  expect(summarise([100, 9, 20]).median).toBe(20);
});

test("nothing, and what is no number, cannot be summarised", () => {
  expect(() => summarise([])).toThrow(RangeError);
  expect(() => summarise([1, Number.NaN])).toThrow(RangeError);
  expect(() => summarise([1, Number.POSITIVE_INFINITY])).toThrow(RangeError);
});

test("a bound includes its limit", () => {
  expect([0.4, 0.41].map((ratio) => isWithin({ kind: "at-most", limit: 0.4 }, ratio))).toEqual([true, false]);
  expect([0.5, 0.49].map((ratio) => isWithin({ kind: "at-least", limit: 0.5 }, ratio))).toEqual([true, false]);
});
