import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { UsageError } from "../usage-error.ts";
import type { PartnerChoices } from "./choices.ts";
import { docsPage } from "./docs-page.ts";
import { driverFile } from "./driver-file.ts";
import { fixtureFiles } from "./fixture-files.ts";
import { registryPath, withPartner } from "./registry.ts";
import { testFile } from "./test-file.ts";

/**
 * Writes a partner's files below a project's root and adds it to the list of partners. The list comes last: whatever dies
 * before leaves files that nothing imports.
 *
 * @returns the paths, in the order in which they were written.
 * @throws UsageError that names what is there already; nothing has been written then.
 */
export async function scaffold(root: string, choices: PartnerChoices): Promise<readonly string[]> {
  const { name } = choices;
  const registry = join(root, registryPath);
  if (!existsSync(registry))
    throw new UsageError(`There is no ${registryPath} here: run this in the folder of a clone of Sluice.`);
  const files = partnerFiles(choices);
  const there = [`lib/partners/${name}`, `test/partners/${name}`, `docs/partners/${name}.md`].filter((path) =>
    existsSync(join(root, path)),
  );
  if (there.length > 0) throw new UsageError(`${name} is there already: ${there.join(", ")}. Nothing was written.`);
  const listed = withPartner(readFileSync(registry, "utf8"), name, choices.identifier);
  const formatted = await Promise.all(
    Object.entries({ ...files, [registryPath]: listed }).map(
      async ([path, text]) => [path, await format(root, path, text)] as const,
    ),
  );
  for (const [path, text] of formatted) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text, { flag: path === registryPath ? "w" : "wx" });
  }
  return formatted.map(([path]) => path);
}

function partnerFiles(choices: PartnerChoices): Readonly<Record<string, string>> {
  const { name } = choices;
  const fixtures = Object.entries(fixtureFiles(choices)).map(([file, content]) => [
    `test/partners/${name}/fixtures/${file}`,
    `${JSON.stringify(content, null, 2)}\n`,
  ]);
  return {
    [`lib/partners/${name}/driver.ts`]: driverFile(choices),
    [`test/partners/${name}/${name}.test.ts`]: testFile(choices),
    // Its entries are pairs of a path and a text.
    ...(Object.fromEntries(fixtures) as Readonly<Record<string, string>>),
    [`docs/partners/${name}.md`]: docsPage(choices),
  };
}

/** As `npm run fix` would. Loaded here alone: an installed package has no formatter, and no other command needs one. */
async function format(root: string, path: string, text: string): Promise<string> {
  if (path.includes("/fixtures/")) return text;
  const prettier = await import("prettier");
  const filepath = join(root, path);
  return prettier.format(text, { ...(await prettier.resolveConfig(filepath)), filepath });
}
