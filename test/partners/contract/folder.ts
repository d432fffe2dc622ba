import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkSecrets } from "../../tidy/secrets.ts";
import { unless } from "./identity.ts";
import type { Check } from "./subject.ts";

/** Fixtures hold no secret and nobody's data: keys, tokens, addresses, and telephone numbers that could ring. */
export const checkFixtureFiles: Check = ({ driver, root }) => {
  const folder = `test/partners/${driver.name}/fixtures`;
  // Cassettes lie in a folder of their own below.
  const entries = existsSync(join(root, folder)) ? readdirSync(join(root, folder), { recursive: true }) : [];
  const files = entries.map(String).filter((path) => path.endsWith(".json"));
  return [
    ...unless(files.length > 0, `there are no files in ${folder}`),
    ...checkSecrets(root)
      .filter((found) => found.file.startsWith(`${folder}/`))
      .map((found) => `${found.file}:${found.line} ${found.message}`),
    ...files.flatMap((file) => phoneProblems(`${folder}/${file}`, readFileSync(join(root, folder, file), "utf8"))),
  ];
};

/** The docs page exists, and each of its quirks says where it was read and when, or that nobody has verified it. */
export const checkDocsPage: Check = ({ driver, root }) => {
  const path = `docs/partners/${driver.name}.md`;
  if (!existsSync(join(root, path))) return [`there is no ${path}`];
  const text = readFileSync(join(root, path), "utf8");
  const quirks = /^## Quirks$(?<quirks>[\s\S]*?)(?=^## |(?![\s\S]))/m.exec(text)?.groups?.["quirks"] ?? "";
  const entries = quirks.split(/^- /m).slice(1);
  return [
    ...unless(text.includes(driver.docs), `${path} does not link to ${driver.docs}`),
    ...Object.keys(driver.resources).flatMap((name) =>
      unless(text.includes(`\`${name}\``), `${path} does not tell of \`${name}\``),
    ),
    ...unless(entries.length >= 3, `${path} has fewer than three entries under "## Quirks"`),
    ...entries.flatMap((entry) =>
      unless(isSourced(entry), `${path}: no source, or no date, at "${entry.slice(0, 60)}…"`),
    ),
  ];
};

function isSourced(entry: string): boolean {
  return /https:\/\/\S+/.test(entry) && (/\b20\d\d-\d\d(-\d\d)?\b/.test(entry) || /\bunverified\b/.test(entry));
}

/** Numbers that are kept free for fiction: +1 … 555-01xx. https://nationalnanpa.com/number_resource_info/555_numbers.html */
function phoneProblems(file: string, text: string): string[] {
  const numbers = text.match(/(?<![\w.+])\+[1-9]\d{7,14}\b/g) ?? [];
  return numbers
    .filter((number) => !/^\+1\d{3}55501\d{2}$/.test(number))
    .map((number) => `${file} holds ${number.slice(0, 4)}…, which may be somebody's telephone`);
}
