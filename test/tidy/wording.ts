import type { Node } from "oxc-parser";
import { type Source, type Violation, walk } from "./source.ts";

/** Unfinished work, casts without a reason, and the import of zod that bloats a bundle. */
export function checkWording(sources: readonly Source[]): Violation[] {
  return sources.flatMap((source) => [...unfinished(source), ...castsWithoutReason(source), ...zodImports(source)]);
}

function unfinished(source: Source): Violation[] {
  return source.comments
    .filter((comment) => /\b(TODO|FIXME|XXX|HACK|not implemented)\b/i.test(comment.value))
    .map((comment) => violation(source, comment.start, "a comment leaves work open: do it, or delete the comment"));
}

function castsWithoutReason(source: Source): Violation[] {
  const commented = commentedLines(source);
  const found: Violation[] = [];
  walk(source.program, (node, parents) => {
    if (!isCast(node)) return;
    const statement = parents.findLast((parent) => /Statement$|Declaration$|Definition$/.test(parent.type)) ?? node;
    const first = Math.min(source.lineAt(node.start), source.lineAt(statement.start));
    const last = source.lineAt(node.end);
    for (let line = first - 1; line <= last; line++) if (commented.has(line)) return;
    found.push(violation(source, node.start, "a cast needs its reason in a comment beside it"));
  });
  return found;
}

function isCast(node: Node): boolean {
  if (node.type === "TSTypeAssertion") return true;
  if (node.type !== "TSAsExpression") return false;
  const type = node.typeAnnotation;
  return !(type.type === "TSTypeReference" && type.typeName.type === "Identifier" && type.typeName.name === "const");
}

/** Lines on which a comment in words stands; a linter's directive gives no reason. */
function commentedLines(source: Source): ReadonlySet<number> {
  const worded = source.comments.filter((comment) => !/^\s*(oxlint|eslint|prettier|@ts)-/.test(comment.value));
  return new Set(worded.flatMap((comment) => [source.lineAt(comment.start), source.lineAt(comment.end)]));
}

function zodImports(source: Source): Violation[] {
  return source.program.body
    .filter((node) => node.type === "ImportDeclaration" && node.source.value === "zod")
    .filter((node) => "specifiers" in node && node.specifiers.some((part) => part.type !== "ImportNamespaceSpecifier"))
    .map((node) =>
      violation(source, node.start, 'write `import * as z from "zod"`: named imports add 350 KB to a bundle'),
    );
}

function violation(source: Source, offset: number, message: string): Violation {
  return { file: source.path, line: source.lineAt(offset), rule: "wording", message };
}
