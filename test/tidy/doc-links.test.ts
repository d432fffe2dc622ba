import { describe, expect, it } from "vitest";
import { checkDocLinks } from "./doc-links.ts";
import { plantTree } from "./planted-tree.ts";

const project = {
  "README.md": "# Sluice\n",
  "CHANGELOG.md": "# Changelog\n\n`lib/gone.ts` went.\n",
  "docs/guide.md": "# Guide\n\n## Add a partner: *now*\n\n## Steps\n\n## Steps\n",
  "lib/engine/gate.ts": "",
};

function verdictOn(text: string): string[] {
  const root = plantTree({ ...project, "docs/page.md": text });
  return checkDocLinks(root).map((found) => `${found.file}:${found.line} ${found.message}`);
}

describe("links of the documents", () => {
  it.each([
    ["[a](gone.md)", "links to docs/gone.md, which does not exist"],
    ["![a](../images/flow.svg)", "links to images/flow.svg, which does not exist"],
    ['[a](gone.md "title")', "links to docs/gone.md, which does not exist"],
    ["[a]: ../gone.md", "links to gone.md, which does not exist"],
    ["[a](../../outside.md)", "links to ../outside.md, which does not exist"],
    ["[a](guide.md#nowhere)", "links to #nowhere, which is no heading of docs/guide.md"],
    ["[a](guide.md#steps-2)", "links to #steps-2, which is no heading of docs/guide.md"],
    ["[a](#nowhere)", "links to #nowhere, which is no heading of docs/page.md"],
    ["See `lib/engine/gone.ts`.", "names lib/engine/gone.ts, which does not exist"],
  ])("refuses %s", (text, message) => {
    expect(verdictOn(`\n${text}\n`)).toEqual([`docs/page.md:2 ${message}`]);
  });

  it.each([
    "[a](guide.md)",
    "[a](../README.md#sluice)",
    "[a](guide.md#add-a-partner-now)",
    "[a](guide.md#steps-1)",
    "# Here\n\n[a](#here)",
    "[a](https://example.com/gone)",
    "[a](mailto:jane@example.com)",
    "`[a](gone.md)`",
    "```md\n[a](gone.md)\n# No heading\n```",
    "See `lib/engine/gate.ts` and `lib/partners/acme/driver.ts`.",
    "See `lib/partners/<name>/driver.ts`.",
  ])("accepts %j", (text) => {
    expect(verdictOn(text)).toEqual([]);
  });
});
