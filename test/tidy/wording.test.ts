import { describe, expect, it } from "vitest";
import { parseSource } from "./source.ts";
import { checkWording } from "./wording.ts";

function verdictOn(text: string): string[] {
  return checkWording([parseSource("lib/engine/gate.ts", text)]).map((found) => `${found.line} ${found.message}`);
}

const openWork = "a comment leaves work open: do it, or delete the comment";
const bareCast = "a cast needs its reason in a comment beside it";
const bigZod = 'write `import * as z from "zod"`: named imports add 350 KB to a bundle';

describe("wording", () => {
  it.each([
    ["TO", "DO"],
    ["FIX", "ME"],
    ["X", "XX"],
    ["not impl", "emented"],
  ])("refuses a comment with %s%s", (a, b) => {
    expect(verdictOn(`\n// ${a}${b}: later\n`)).toEqual([`2 ${openWork}`]);
    expect(verdictOn(`/* first\n * ${a}${b} */\n`)).toEqual([`1 ${openWork}`]);
  });

  it("takes no string for a comment", () => {
    expect(verdictOn(`const text = "${["TO", "DO"].join("")}";\n`)).toEqual([]);
  });

  it.each([
    "const a = b as C;",
    "const a = <C>b;",
    "const a = b as unknown;",
    "// oxlint-disable-next-line no-var\nvar a = b as C;",
    "// A comment further up.\nconst c = 1;\n\nconst a = b as C;",
  ])("refuses the cast in %j", (text) => {
    expect(verdictOn(text)).toEqual([`${text.split("\n").length} ${bareCast}`]);
  });

  it.each([
    "const a = b as C; // The parser has checked it.",
    "// The parser has checked it.\nconst a = b as C;",
    "// The parser has checked it.\nconst a = [\n  b as C,\n];",
    "const a = f(\n  // The parser has checked it.\n  b as C,\n);",
    "const a = [1, 2] as const;",
    'import { a as b } from "./a.ts";',
    "const a = b satisfies C;",
  ])("accepts %j", (text) => {
    expect(verdictOn(text)).toEqual([]);
  });

  it.each(['import { z } from "zod";', 'import z from "zod";', 'import { type ZodType } from "zod";'])(
    "refuses %s",
    (text) => {
      expect(verdictOn(text)).toEqual([`1 ${bigZod}`]);
    },
  );

  it.each(['import * as z from "zod";', 'import type * as z from "zod";'])("accepts %s", (text) => {
    expect(verdictOn(text)).toEqual([]);
  });
});
