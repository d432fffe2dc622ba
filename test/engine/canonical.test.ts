import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { canonicalJson, digestOf } from "../../lib/engine/canonical.ts";

const folder = new URL("./fixtures/canonical-json/", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, folder), "utf8");

describe("published test data of RFC 8785", () => {
  test.each(["arrays", "french", "structures", "unicode", "values", "weird"])("%s", (name) => {
    expect(canonicalJson(JSON.parse(read(`input/${name}.json`)))).toBe(read(`output/${name}.json`));
  });

  test("the first 10,000 numbers of the published sequence have the published digest", () => {
    const hash = createHash("sha256");
    let lines = 0;
    for (const bits of numberSequence(10_000)) {
      hash.update(`${bits.toString(16)},${canonicalJson(doubleOf(bits))}\n`);
      lines++;
    }
    expect(lines).toBe(10_000);
    expect(hash.digest("hex")).toBe("b9f7a8e75ef22a835685a52ccba7f7d6bdc99e34b010992cbc5864cd12be6892");
  });
});

describe("digestOf", () => {
  test("is the base64url SHA-256 of the canonical bytes", () => {
    const expected = createHash("sha256").update('{"a":[],"é":1}').digest("base64url");
    expect(digestOf({ é: 1, a: [] })).toBe(expected);
  });

  test("does not depend on the order of keys, at any depth", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
        expect(digestOf(reversed(value))).toBe(digestOf(value));
      }),
    );
  });

  test.each([
    [{ a: null }, {}],
    [{ a: "" }, { a: null }],
    [[], {}],
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: 1 }, { a: "1" }],
    ["\u00e9", "e\u0301"],
  ])("tells %j from %j", (left, right) => {
    expect(digestOf(left)).not.toBe(digestOf(right));
  });
});

test.each([
  ["undefined", undefined],
  ["NaN", { a: Number.NaN }],
  ["Infinity", [Number.POSITIVE_INFINITY]],
  ["half a character", "\ud83d"],
  ["half a character in a key", { "\ud83d": 1 }],
  ["a bigint", 1n],
])("%s has no canonical form", (_name, value) => {
  expect(() => canonicalJson(value)).toThrow(TypeError);
});

test("very deep nesting does not end the process", () => {
  const deep: unknown = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`);
  expect(canonicalJson(deep)).toHaveLength(100_000);
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, reversed(member)]),
  );
}

/** The sequence that the test data's README defines: fixed values, then the smallest normal numbers, then hash chains. */
function* numberSequence(count: number): Generator<bigint> {
  const fixed = z.array(z.string()).parse(JSON.parse(read("numbers.json")));
  const start = [
    ...fixed.map((hex) => BigInt(`0x${hex}`)),
    ...Array.from({ length: 2000 }, (_, index) => 0x0010000000000000n + BigInt(index)),
  ];
  yield* start;
  let block = Buffer.alloc(32);
  let left = count - start.length;
  while (left > 0) {
    block = createHash("sha256").update(block).digest();
    for (let offset = 0; offset < 32 && left > 0; offset += 8) {
      const bits = block.readBigUInt64LE(offset);
      if (doubleOf(bits) === 0 || !Number.isFinite(doubleOf(bits))) continue;
      yield bits;
      left--;
    }
  }
}

function doubleOf(bits: bigint): number {
  return new Float64Array(new BigUint64Array([bits]).buffer)[0] ?? Number.NaN;
}
