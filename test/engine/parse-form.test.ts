import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseForm } from "../../lib/engine/parse-form.ts";

const parse = (text: string) => parseForm(new TextEncoder().encode(text));

describe("a form", () => {
  test.each([
    ["", {}],
    ["From=%2B15005550006&Body=a+b%26c", { From: "+15005550006", Body: "a b&c" }],
    ["a=1&a=2&b", { a: ["1", "2"], b: "" }],
    ["&&a=x=y&", { a: "x=y" }],
    ["caf%C3%A9=%E2%82%AC", { café: "€" }],
  ])("of %j is read", (text, fields) => {
    expect(parse(text)).toEqual({ kind: "form", fields });
  });

  test.each([
    ["a=%zz", "a broken escape"],
    ["a=%E2%82", "a broken escape"],
    ["%=1", "a broken escape"],
    ["a=1&".repeat(1_001), "too many fields"],
  ])("of %.10j is not half understood", (text, reason) => {
    expect(parse(text)).toEqual({ kind: "unreadable", reason });
  });

  test("is UTF-8 or nothing", () => {
    expect(parseForm(Uint8Array.of(0x61, 0x3d, 0xff))).toEqual({ kind: "unreadable", reason: "not UTF-8" });
  });

  test("gives no name that objects have by themselves another meaning", () => {
    const parsed = parse("__proto__=1&constructor=2");
    expect(parsed.kind === "form" ? Object.entries(parsed.fields) : []).toEqual([
      ["__proto__", "1"],
      ["constructor", "2"],
    ]);
  });

  test("that the platform's own writer wrote comes back", () => {
    const field = fc.string({ unit: "grapheme" }).map((text) => text.toWellFormed());
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(field, field), { selector: ([name]) => name, maxLength: 20 }), (pairs) => {
        const parsed = parse(new URLSearchParams(Object.fromEntries(pairs)).toString());
        expect(parsed).toEqual({ kind: "form", fields: Object.fromEntries(pairs) });
      }),
    );
  });

  test("of any bytes never throws", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(parseForm(bytes).kind).toMatch(/^(form|unreadable)$/);
      }),
    );
  });
});
