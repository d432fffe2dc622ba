import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Program } from "oxc-parser";
import { parseSource, type Violation, walk } from "./source.ts";

const registry = "lib/partners/index.ts";

/** Every partner's folder is registered, tested by the shared contract suite, documented, and has fixtures. */
export function checkPartnerFolders(root: string): Violation[] {
  const names = foldersIn(root, "lib/partners");
  const registered = registeredPartners(root);
  return names.flatMap((name) => [...checkPartner(root, name), ...checkRegistered(name, registered)]);
}

function checkPartner(root: string, name: string): Violation[] {
  const found: Violation[] = [];
  const driver = `lib/partners/${name}/driver.ts`;
  if (!existsSync(join(root, driver))) found.push(violation(driver, `partner ${name} has no driver`));
  const docs = `docs/partners/${name}.md`;
  if (!existsSync(join(root, docs))) found.push(violation(docs, `partner ${name} has no docs page`));
  const fixtures = `test/partners/${name}/fixtures`;
  if (filesIn(root, fixtures).length === 0) found.push(violation(fixtures, `partner ${name} has no fixtures`));
  return [...found, ...checkContractTest(root, name)];
}

function checkContractTest(root: string, name: string): Violation[] {
  const path = `test/partners/${name}/${name}.test.ts`;
  if (!existsSync(join(root, path))) return [violation(path, `partner ${name} has no test`)];
  const { program } = parseSource(path, readFileSync(join(root, path), "utf8"));
  const suites = importedFrom(program, /^\.\.\/contract(\/|[-.])/);
  if (callsOneOf(program, suites)) return [];
  return [violation(path, `partner ${name}'s test does not call the contract suite of test/partners/contract`)];
}

function checkRegistered(name: string, registered: ReadonlySet<string>): Violation[] {
  if (registered.has(name)) return [];
  return [violation(registry, `partner ${name} is not in the list \`partners\``)];
}

/** The folders whose driver.ts the registry imports and puts into its list `partners`. */
function registeredPartners(root: string): ReadonlySet<string> {
  if (!existsSync(join(root, registry))) return new Set();
  const { program } = parseSource(registry, readFileSync(join(root, registry), "utf8"));
  const listed = new Set<string>();
  walk(program, (node) => {
    if (node.type !== "VariableDeclarator" || node.id.type !== "Identifier" || node.id.name !== "partners") return;
    const list =
      node.init?.type === "TSSatisfiesExpression" || node.init?.type === "TSAsExpression"
        ? node.init.expression
        : node.init;
    if (list?.type !== "ArrayExpression") return;
    for (const element of list.elements) if (element?.type === "Identifier") listed.add(element.name);
  });
  const folders = new Set<string>();
  for (const statement of program.body) {
    const folder =
      statement.type === "ImportDeclaration" && /^\.\/([^/]+)\/driver\.ts$/.exec(statement.source.value)?.[1];
    if (typeof folder !== "string" || statement.type !== "ImportDeclaration") continue;
    if (statement.specifiers.some((specifier) => listed.has(specifier.local.name))) folders.add(folder);
  }
  return folders;
}

function importedFrom(program: Program, source: RegExp): ReadonlySet<string> {
  const imports = program.body.filter((node) => node.type === "ImportDeclaration");
  return new Set(
    imports
      .filter((node) => source.test(node.source.value) && node.importKind !== "type")
      .flatMap((node) => node.specifiers.map((specifier) => specifier.local.name)),
  );
}

function callsOneOf(program: Program, names: ReadonlySet<string>): boolean {
  let called = false;
  walk(program, (node) => {
    if (node.type === "CallExpression" && node.callee.type === "Identifier" && names.has(node.callee.name))
      called = true;
  });
  return called;
}

function foldersIn(root: string, path: string): string[] {
  return filesIn(root, path).filter((name) => statSync(join(root, path, name)).isDirectory());
}

function filesIn(root: string, path: string): string[] {
  return existsSync(join(root, path)) ? readdirSync(join(root, path)) : [];
}

function violation(file: string, message: string): Violation {
  return { file, line: 1, rule: "partners", message };
}
