import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { checkTidy } from "./tidy/check-tidy.ts";
import { plantTree } from "./tidy/planted-tree.ts";

const projectRoot = dirname(import.meta.dirname);

describe("the house rules", () => {
  it("hold for the whole project", () => {
    const violations = checkTidy(projectRoot);
    expect(violations.map(({ file, line, rule, message }) => `${file}:${line} [${rule}] ${message}`)).toEqual([]);
  });

  it("are all asked: one violation of each is planted, and each is named", () => {
    const root = plantTree({
      "README.md": "[gone](gone.md)\n",
      "lib/engine/broken.ts": "const = ;\n",
      "lib/engine/clock.ts": 'import "node:fs";\nexport const now = Date.now();\n',
      "lib/engine/longName.ts": "export const one = two as Three;\n",
      "lib/partners/acme/driver.ts": "export const acme = {};\n",
      "docs/keys.md": ["AKI", "AQWERTYUIOPASDFGH"].join(""),
    });
    const rules = new Set(checkTidy(root).map((found) => found.rule));
    expect([...rules].toSorted()).toEqual([
      "ambient",
      "docs",
      "layers",
      "partners",
      "secrets",
      "sizes",
      "syntax",
      "wording",
    ]);
  });
});
