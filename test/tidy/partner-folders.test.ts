import { describe, expect, it } from "vitest";
import { checkPartnerFolders } from "./partner-folders.ts";
import { plantTree } from "./planted-tree.ts";

const project: Readonly<Record<string, string>> = {
  "lib/partners/index.ts": `import { acme } from "./acme/driver.ts";\nexport const partners = [acme] satisfies unknown[];\n`,
  "lib/partners/acme/driver.ts": "export const acme = {};\n",
  "docs/partners/acme.md": "# Acme\n",
  "test/partners/acme/fixtures/order.json": "{}\n",
  "test/partners/acme/acme.test.ts": `import { checkContract } from "../contract/contract.ts";\ncheckContract({});\n`,
};

function verdictOn(changes: Readonly<Record<string, string | null>>): string[] {
  const files = Object.entries({ ...project, ...changes }).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  return checkPartnerFolders(plantTree(Object.fromEntries(files))).map((found) => `${found.file}: ${found.message}`);
}

const unlisted = "lib/partners/index.ts: partner acme is not in the list `partners`";
const uncalled =
  "test/partners/acme/acme.test.ts: partner acme's test does not call the contract suite of test/partners/contract";

describe("partner folders", () => {
  it("accepts a whole partner, and a project without partners", () => {
    expect(verdictOn({})).toEqual([]);
    expect(checkPartnerFolders(plantTree({ "package.json": "{}" }))).toEqual([]);
  });

  it.each([
    ["lib/partners/acme/driver.ts", "partner acme has no driver"],
    ["docs/partners/acme.md", "partner acme has no docs page"],
    ["test/partners/acme/acme.test.ts", "partner acme has no test"],
  ])("misses %s", (file, message) => {
    // A second file keeps the folder there when the driver is gone.
    expect(verdictOn({ "lib/partners/acme/map.ts": "", [file]: null })).toEqual([`${file}: ${message}`]);
  });

  it("misses fixtures", () => {
    expect(verdictOn({ "test/partners/acme/fixtures/order.json": null })).toEqual([
      "test/partners/acme/fixtures: partner acme has no fixtures",
    ]);
  });

  it.each([
    ["no registry", null],
    ["an empty list", `import { acme } from "./acme/driver.ts";\nexport const partners = [];\nvoid acme;\n`],
    ["another partner's driver", `import { acme } from "./zenith/driver.ts";\nexport const partners = [acme];\n`],
    ["a comment", `// import { acme } from "./acme/driver.ts";\nexport const partners = [/* acme */];\n`],
    ["another list", `import { acme } from "./acme/driver.ts";\nexport const retired = [acme];\n`],
  ])("misses the registration with %s", (_, text) => {
    expect(verdictOn({ "lib/partners/index.ts": text })).toEqual([unlisted]);
  });

  it.each([
    ["no import of it", `import { checkContract } from "./own.ts";\ncheckContract({});\n`],
    ["no call of it", `import { checkContract } from "../contract/contract.ts";\nvoid checkContract;\n`],
    ["a type of it alone", `import type { checkContract } from "../contract.ts";\ncheckContract({});\n`],
  ])("misses the contract suite with %s", (_, text) => {
    expect(verdictOn({ "test/partners/acme/acme.test.ts": text })).toEqual([uncalled]);
  });
});
