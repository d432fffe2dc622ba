import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDictionary, parseList } from "../../../lib/engine/hints/structured-field.ts";
import { caseForm } from "./support/case-form.ts";
import { publishedCases } from "./support/published-cases.ts";
import type { PublishedCase } from "./support/published-cases.ts";

/** An item is a list of one that is no inner list. */
function readAs(kind: PublishedCase["header_type"], text: string): unknown {
  if (kind === "dictionary") {
    const members = parseDictionary(text);
    return members === null ? null : [...members].map(([key, member]) => [key, caseForm(member)]);
  }
  const members = parseList(text);
  if (kind === "list" || members === null) return members?.map(caseForm) ?? null;
  return members.length === 1 && members[0]?.kind === "item" ? caseForm(members[0]) : null;
}

const published = publishedCases();

test("there are published cases to run", () => {
  expect(published.flatMap(([, cases]) => cases).length).toBeGreaterThan(1_500);
});

describe.each(published)("the published cases in %s", (_file, cases) => {
  test.each(cases)("$name", (one) => {
    const read = readAs(one.header_type, one.raw.join(", "));
    if (one.can_fail && read === null) return;
    expect(read).toEqual(one.must_fail ? null : one.expected);
  });
});

describe("beyond the published cases", () => {
  test.each([
    [
      "m, z, t",
      [
        ["m", [true, []]],
        ["z", [true, []]],
        ["t", [true, []]],
      ],
    ],
    [
      "a;m;z;t",
      [
        [
          "a",
          [
            true,
            [
              ["m", true],
              ["z", true],
              ["t", true],
            ],
          ],
        ],
      ],
    ],
    [
      "a=1, b=2, a=3",
      [
        ["a", [3, []]],
        ["b", [2, []]],
      ],
    ],
    [
      "limit=-0, reset=0.0",
      [
        ["limit", [0, []]],
        ["reset", [0, []]],
      ],
    ],
    ["__proto__=1", null],
    ["proto.*-_=1", [["proto.*-_", [1, []]]]],
  ])("reads the dictionary %j", (text, expected) => {
    expect(readAs("dictionary", text)).toEqual(expected);
  });

  test.each([
    ['%"%e2%82%ac 5 %25"', { __type: "displaystring", value: "€ 5 %" }],
    ["@-0", { __type: "date", value: 0 }],
    ["@4102444800", { __type: "date", value: 4_102_444_800 }],
    ["999999999999.125", 999_999_999_999.125],
    ["1.250", 1.25],
    ["::", { __type: "binary", value: "" }],
  ])("reads the item %j", (text, value) => {
    expect(readAs("item", text)).toEqual([value, []]);
  });

  test.each([
    '%"%"',
    '%"%e2%82"',
    '%"%E2%82%AC"',
    '%"€"',
    '%"open',
    "@1.5",
    "@x",
    "@",
    "@1000000000000000",
    "?",
    "?2",
    ":a=b=:",
    ":a b:",
    ":",
    "1.",
    ".1",
    "1.2345",
    "1000000000000000",
    "1000000000000.1",
    "--1",
    "a;",
    "a;b=",
    "a; ;b",
    "\u00e9",
    "((1))",
    "(a=1)",
    "(1",
    "(1 2)3",
    "1\t",
    "a,",
    ",",
  ])("refuses %j whole", (text) => {
    expect(readAs("item", text)).toBeNull();
  });

  test("never throws", () => {
    const crumb = fc.constantFrom(...'()"\\,;=:?@%*-. \t\u00e9'.split(""), "a", "1", '%"', "%c3", "=(", ";a=", "?1");
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(crumb).map((crumbs) => crumbs.join("")),
        ),
        (text) => {
          for (const members of [parseList(text), parseDictionary(text)])
            expect(members === null || typeof members === "object").toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("takes a time that grows with the text alone", () => {
    const million = 1_000_000;
    expect(parseList(`"${"a".repeat(million)}`)).toBeNull();
    expect(parseList(`${" ".repeat(million)}(`)).toBeNull();
    expect(parseList(`(${" ".repeat(million)}1`)).toBeNull();
    expect(parseList(`${"1,".repeat(million / 2)}1`)).toHaveLength(million / 2 + 1);
  });
});
