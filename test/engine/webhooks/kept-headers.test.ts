import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  checkKeptHeaders,
  contentIdWith,
  keptHeaderCharsMax,
  keptHeadersOf,
} from "../../../lib/engine/webhooks/kept-headers.ts";

const names = fc.constantFrom("x-goog-resource-state", "x-goog-channel-id", "cookie");
// An object without a prototype is another one to a strict comparison, and no other headers.
const headers = fc.dictionary(names, fc.string(), { noNullPrototype: true });

describe("the headers that a driver keeps", () => {
  test("are those that it names, as they came, and no other", () => {
    fc.assert(
      fc.property(headers, (sent) => {
        const { cookie: _, ...facts } = sent;
        expect(keptHeadersOf(["x-goog-resource-state", "x-goog-channel-id"], sent)).toEqual(facts);
      }),
    );
  });

  test("are refused when one is longer than a fact is, and only then", () => {
    const of = (length: number) => keptHeadersOf(["x-id"], { "x-id": "a".repeat(length), other: "b".repeat(9_000) });
    expect([of(keptHeaderCharsMax) === null, of(keptHeaderCharsMax + 1) === null]).toEqual([false, true]);
  });

  test("tell two posts of one body apart, and in whatever order make one post of two", () => {
    fc.assert(
      fc.property(headers, headers, (one, other) => {
        const isSame = isDeepStrictEqual(one, other);
        expect(contentIdWith("body", one) === contentIdWith("body", other)).toBe(isSame);
        const turned = Object.fromEntries(Object.entries(one).toReversed());
        expect(contentIdWith("body", turned)).toBe(contentIdWith("body", one));
      }),
    );
    expect(contentIdWith("body", {})).toBe("body");
  });

  test.each([
    ["in capitals", ["X-Id"]],
    ["that is a secret", ["x-id", "x-goog-channel-token"]],
    ["that is none", ["x id"]],
    ["more than a job has room for", Array.from({ length: 21 }, (_, index) => `x-${index}`)],
  ])("cannot be one %s", (_, names) => {
    expect(() => checkKeptHeaders("acme", names)).toThrow(/^acme: keepHeaders/);
  });
});
