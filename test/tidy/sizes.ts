import type { Node } from "oxc-parser";
import { type Source, type Violation, walk } from "./source.ts";

const fileLinesMax = 400;
const functionLinesMax = 70;

/** Files of at most 400 lines, functions of at most 70, kebab-case names. */
export function checkSizes(sources: readonly Source[]): Violation[] {
  return sources.flatMap((source) => [...fileTooLong(source), ...functionsTooLong(source), ...badNames(source)]);
}

function fileTooLong(source: Source): Violation[] {
  const lines = source.lineAt(source.text.trimEnd().length);
  if (lines <= fileLinesMax) return [];
  return [violation(source, fileLinesMax, `has ${lines} lines; split it (at most ${fileLinesMax})`)];
}

function functionsTooLong(source: Source): Violation[] {
  const found: Violation[] = [];
  walk(source.program, (node, parents) => {
    if (!isFunction(node) || groupsTests(parents)) return;
    const first = source.lineAt(node.start);
    const lines = source.lineAt(node.end) - first + 1;
    if (lines <= functionLinesMax) return;
    found.push(violation(source, first, `a function has ${lines} lines; split it (at most ${functionLinesMax})`));
  });
  return found;
}

function isFunction(node: Node): boolean {
  return (
    node.type === "FunctionDeclaration" || node.type === "FunctionExpression" || node.type === "ArrowFunctionExpression"
  );
}

/** The callback of describe(…) is a heading over tests: nothing runs in it that could be split off. */
function groupsTests(parents: readonly Node[]): boolean {
  const call = parents.at(-1);
  if (call?.type !== "CallExpression") return false;
  let callee: Node = call.callee;
  while (callee.type !== "Identifier") {
    if (callee.type === "MemberExpression") callee = callee.object;
    else if (callee.type === "CallExpression") callee = callee.callee;
    else return false;
  }
  return callee.name === "describe";
}

function badNames(source: Source): Violation[] {
  const bad = source.path.split("/").filter((part) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/.test(part));
  return bad.map((part) => violation(source, 1, `${part} is not kebab-case`));
}

function violation(source: Source, line: number, message: string): Violation {
  return { file: source.path, line, rule: "sizes", message };
}
