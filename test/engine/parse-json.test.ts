import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../lib/engine/canonical.ts";
import { jsonDepthMax, parseJson } from "../../lib/engine/parse-json.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const nested = (depth: number): string => `${'{"a":['.repeat(depth / 2)}${"]}".repeat(depth / 2)}`;

describe("parseJson", () => {
  test("gives what JSON.parse gives for any JSON", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const body: unknown = JSON.parse(text);
        expect(parseJson(bytes(text))).toEqual({ kind: "json", body });
      }),
    );
  });

  test("tells an empty body, JSON's null and text that is no JSON apart", () => {
    expect(parseJson(bytes(""))).toEqual({ kind: "empty" });
    expect(parseJson(bytes("null"))).toEqual({ kind: "json", body: null });
    expect(parseJson(bytes("<html>"))).toEqual({ kind: "unreadable", text: "<html>" });
    expect(parseJson(bytes(" "))).toEqual({ kind: "unreadable", text: " " });
  });

  test("takes no bytes that are not UTF-8", () => {
    expect(parseJson(new Uint8Array([0x22, 0xc3, 0x28, 0x22])).kind).toBe("unreadable");
  });

  test("takes nesting up to the bound and not beyond it", () => {
    expect(parseJson(bytes(nested(jsonDepthMax))).kind).toBe("json");
    expect(parseJson(bytes(nested(jsonDepthMax + 2))).kind).toBe("unreadable");
    expect(parseJson(bytes("[".repeat(1_000_000))).kind).toBe("unreadable");
  });

  test("counts no brackets inside strings, whatever is escaped there", () => {
    const text = JSON.stringify({ a: '[{"'.repeat(100), b: "\\".repeat(3), ["[{".repeat(50)]: "[[" });
    const body: unknown = JSON.parse(text);
    expect(parseJson(bytes(text))).toEqual({ kind: "json", body });
  });

  test("mends halves of characters in values and keys, and leaves whole ones alone", () => {
    const parsed = parseJson(bytes(String.raw`{"name":"caf\u00e9 \ud83d","\ude00":["\ud83d\ude00"]}`));
    expect(parsed).toEqual({ kind: "json", body: { name: "café \uFFFD", "\uFFFD": ["😀"] } });
  });

  test("whatever it takes has a canonical form", () => {
    const anyText = fc
      .array(fc.constantFrom("\\ud83d", "\\ude00", "a", '\\"', "\\\\", "é"))
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(anyText, anyText, (key, value) => {
        const parsed = parseJson(bytes(`{"${key}":["${value}"]}`));
        expect(parsed.kind).toBe("json");
        expect(() => canonicalJson(parsed)).not.toThrow();
      }),
    );
  });
});
