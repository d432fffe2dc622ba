import { describe, expect, it } from "vitest";
import { checkSizes } from "./sizes.ts";
import { parseSource } from "./source.ts";

const statements = (count: number) => "void 0;\n".repeat(count);

function verdictOn(text: string, path = "lib/engine/gate.ts"): string[] {
  return checkSizes([parseSource(path, text)]).map((found) => `${found.line} ${found.message}`);
}

describe("sizes", () => {
  it("allows a file of 400 lines and refuses one of 401", () => {
    expect(verdictOn(statements(400))).toEqual([]);
    expect(verdictOn(statements(401))).toEqual(["400 has 401 lines; split it (at most 400)"]);
  });

  it.each([
    ["a function", "export function f() {\n", "}\n"],
    ["an arrow function", "export const f = () => {\n", "};\n"],
    ["a function expression", "export const f = function () {\n", "};\n"],
    ["a method", "export const f = { method() {\n", "} };\n"],
    ["a class's method", "export class F { method() {\n", "} }\n"],
    ["a constructor", "export class F { constructor() {\n", "} }\n"],
    ["a test", 'it("works", () => {\n', "});\n"],
  ])("allows %s of 70 lines and refuses one of 71", (_, head, tail) => {
    expect(verdictOn(head + statements(68) + tail)).toEqual([]);
    expect(verdictOn(head + statements(69) + tail)).toEqual(["1 a function has 71 lines; split it (at most 70)"]);
  });

  it("says where a long function begins", () => {
    const text = `void 0;\n\nexport function f() {\n${statements(90)}}\n`;
    expect(verdictOn(text)).toEqual(["3 a function has 92 lines; split it (at most 70)"]);
  });

  it.each([
    'describe("gate", () => {\n',
    'describe.each([1])("gate %s", () => {\n',
    'describe.concurrent("x", () => {\n',
  ])("does not count the heading %j", (head) => {
    expect(verdictOn(`${head}${statements(90)}});\n`)).toEqual([]);
  });

  it.each(["lib/engine/tokenBucket.ts", "lib/engine/Token.ts", "lib/engine/token_bucket.ts", "lib/myEngine/gate.ts"])(
    "refuses the name %s",
    (path) => {
      const [verdict = ""] = verdictOn("", path);
      expect(verdict).toContain("is not kebab-case");
    },
  );

  it.each(["lib/engine/token-bucket.ts", "test/sim/gate.long.test.ts", "lib/local/s3.ts", "sluice.config.ts"])(
    "accepts the name %s",
    (path) => {
      expect(verdictOn("", path)).toEqual([]);
    },
  );
});
