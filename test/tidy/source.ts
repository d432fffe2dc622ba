import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Comment, type Node, type Program, parseSync, visitorKeys } from "oxc-parser";

/** One parsed file of the project. Paths are relative to the project's root, with forward slashes. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly program: Program;
  readonly comments: readonly Comment[];
  readonly errors: readonly string[];
  /** The line, counted from 1, of an offset into the text. */
  lineAt(offset: number): number;
}

/** Something that breaks a house rule, and what to do about it. */
export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}

const skippedFolders = new Set(["node_modules", "cdk.out", "dist", "coverage", "fixtures"]);

/** Every TypeScript and JavaScript file below `folders`, parsed. */
export function readSources(root: string, folders: readonly string[]): Source[] {
  return folders
    .flatMap((folder) => listFiles(root, folder))
    .filter((path) => /\.[cm]?[jt]sx?$/.test(path))
    .map((path) => parseSource(path, readFileSync(join(root, path), "utf8")));
}

/** Every file below a folder (or the file itself), sorted; nothing when it does not exist. */
export function listFiles(root: string, path: string, skipped: ReadonlySet<string> = skippedFolders): string[] {
  const stats = statSync(join(root, path), { throwIfNoEntry: false });
  if (stats === undefined) return [];
  if (stats.isFile()) return [path];
  return readdirSync(join(root, path))
    .toSorted()
    .filter((name) => !name.startsWith(".") && !skipped.has(name))
    .flatMap((name) => listFiles(root, `${path}/${name}`, skipped));
}

export function parseSource(path: string, text: string): Source {
  const parsed = parseSync(path, text);
  const lineStarts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lineStarts.push(at + 1);
  return {
    path,
    text,
    program: parsed.program,
    comments: parsed.comments,
    errors: parsed.errors.map((error) => error.message),
    lineAt: (offset) => lineStarts.findLastIndex((start) => start <= offset) + 1,
  };
}

/** Calls `visit` on every node, parents first; `parents` runs from the program to the direct parent. */
export function walk(program: Program, visit: (node: Node, parents: readonly Node[]) => void): void {
  const parents: Node[] = [];
  const enter = (node: Node): void => {
    visit(node, parents);
    parents.push(node);
    for (const child of childrenOf(node)) enter(child);
    parents.pop();
  };
  enter(program);
}

function childrenOf(node: Node): Node[] {
  // The parser's own table names each node type's child fields; TypeScript cannot follow a field's name from data.
  const fields = node as unknown as Record<string, Node | (Node | null)[] | null | undefined>;
  return (visitorKeys[node.type] ?? [])
    .flatMap((key) => fields[key] ?? [])
    .filter((child): child is Node => child !== null);
}
