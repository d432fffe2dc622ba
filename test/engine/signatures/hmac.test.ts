import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { anySameText, hmacText, sameText } from "../../../lib/engine/signatures/hmac.ts";

const Vectors = z.array(
  z.looseObject({ name: z.string(), secret: z.string(), body: z.string(), expected: z.string() }),
);
const file = new URL("../../partners/stripe/fixtures/hmac-vectors.json", import.meta.url);
const vectors = Vectors.parse(JSON.parse(readFileSync(file, "utf8")));

describe("hmacText", () => {
  test.each(vectors)("published primitive: $name", ({ secret, body, expected }) => {
    expect(hmacText({ algorithm: "sha256", encoding: "hex" }, secret, [body])).toBe(expected);
  });

  test.each([
    // RFC 4231, test case 2, and RFC 2202, test case 2.
    ["sha256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"],
    ["sha1", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"],
    [
      "sha512",
      "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
    ],
  ] as const)("RFC test case in %s", (algorithm, hex) => {
    const parts = ["what do ya want ", new TextEncoder().encode("for nothing?")];
    expect(hmacText({ algorithm, encoding: "hex" }, "Jefe", parts)).toBe(hex);
    expect(hmacText({ algorithm, encoding: "base64" }, new TextEncoder().encode("Jefe"), parts)).toBe(
      Buffer.from(hex, "hex").toString("base64"),
    );
  });
});

describe("sameText", () => {
  test("is equality, for texts of any length", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (left, right) => {
        expect(sameText(left, left)).toBe(true);
        expect(sameText(left, right)).toBe(left === right);
      }),
    );
  });

  test("anySameText finds any pair, and none in nothing", () => {
    expect(anySameText(["a", "b"], ["c", "b"])).toBe(true);
    expect(anySameText(["a", "b"], ["c", "bb", ""])).toBe(false);
    expect(anySameText([], ["a"])).toBe(false);
    expect(anySameText(["a"], [])).toBe(false);
  });
});
