import type { Expression, Node } from "oxc-parser";
import { type Source, walk } from "./source.ts";

/** One place where a file names another module; `specifier` is null when it is computed, so that nobody can tell which. */
export interface Import {
  readonly specifier: string | null;
  /** Erased before the program runs. `import { type A }` is not: it still loads the module. */
  readonly typeOnly: boolean;
  readonly line: number;
}

/** Every import of a file: static, type-only, side-effect, re-export, dynamic, `import("…")` types, require and its kin. */
export function importsOf(source: Source): Import[] {
  const imports: Import[] = [];
  walk(source.program, (node) => {
    const found = importIn(node);
    if (found !== null) imports.push({ ...found, line: source.lineAt(node.start) });
  });
  for (const comment of source.comments) {
    const reference = /^\/\s*<reference\s+(?:path|types)\s*=\s*["']([^"']+)["']/.exec(comment.value)?.[1];
    if (reference !== undefined)
      imports.push({ specifier: reference, typeOnly: true, line: source.lineAt(comment.start) });
  }
  return imports;
}

function importIn(node: Node): Omit<Import, "line"> | null {
  switch (node.type) {
    case "ImportDeclaration":
      return { specifier: node.source.value, typeOnly: node.importKind === "type" };
    case "ExportAllDeclaration":
      return { specifier: node.source.value, typeOnly: node.exportKind === "type" };
    case "ExportNamedDeclaration":
      return node.source === null ? null : { specifier: node.source.value, typeOnly: node.exportKind === "type" };
    case "TSImportType":
      return { specifier: node.source.value, typeOnly: true };
    case "TSExternalModuleReference":
      return { specifier: node.expression.value, typeOnly: false };
    case "ImportExpression":
      return { specifier: literalOf(node.source), typeOnly: false };
    case "CallExpression": {
      const argument = node.arguments[0];
      if (!loadsModule(node.callee) || argument === undefined || argument.type === "SpreadElement") return null;
      return { specifier: literalOf(argument), typeOnly: false };
    }
    default:
      return null;
  }
}

/** require(…), require.resolve(…), import.meta.resolve(…), process.getBuiltinModule(…), createRequire(…)(…). */
function loadsModule(callee: Expression): boolean {
  if (callee.type === "Identifier") return callee.name === "require" || callee.name === "createRequire";
  if (callee.type !== "MemberExpression" || callee.property.type !== "Identifier") return false;
  const name = callee.property.name;
  if (name === "getBuiltinModule" || name === "createRequire") return true;
  if (name !== "resolve") return false;
  return (
    callee.object.type === "MetaProperty" || (callee.object.type === "Identifier" && callee.object.name === "require")
  );
}

function literalOf(expression: Expression): string | null {
  if (expression.type === "Literal") return typeof expression.value === "string" ? expression.value : null;
  if (expression.type !== "TemplateLiteral" || expression.expressions.length > 0) return null;
  return expression.quasis[0]?.value.cooked ?? null;
}
