import type { MemberExpression, Node } from "oxc-parser";
import { type Source, type Violation, walk } from "./source.ts";

const folders = /^lib\/(engine|flows|partners)\//;
const exempt = /^lib\/(engine\/ports\.ts$|partners\/[^/]+\/sandbox)/;

/** Globals that reach for the clock, for randomness or for the world. */
const globals = new Set([
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "fetch",
  "WebSocket",
  "performance",
  "process",
  "console",
  "crypto",
  "globalThis",
]);
/** Exports of node:crypto that draw randomness. */
const random = /^(random|getRandomValues$|webcrypto$|subtle$|generateKey|generatePrime)/;
const pureDateMembers = new Set(["UTC", "parse", "prototype"]);

/** The clock, chance and the outside world reach engine, flows and partners through ports alone. */
export function checkAmbient(sources: readonly Source[]): Violation[] {
  return sources.filter((source) => folders.test(source.path) && !exempt.test(source.path)).flatMap(ambientUses);
}

function ambientUses(source: Source): Violation[] {
  const own = bindingsOf(source);
  const found: Violation[] = [];
  walk(source.program, (node, parents) => {
    const name = ambientUse(node, parents, own);
    if (name === null) return;
    found.push({
      file: source.path,
      line: source.lineAt(node.start),
      rule: "ambient",
      message: `uses ${name}; take it from a port of lib/engine/ports.ts`,
    });
  });
  return found;
}

function ambientUse(node: Node, parents: readonly Node[], own: ReadonlySet<string>): string | null {
  const parent = parents.at(-1);
  if (parent?.type === "ImportDeclaration" && /^(node:)?crypto$/.test(parent.source.value)) return cryptoImport(node);
  if (node.type === "MemberExpression") return isMathRandom(node) ? "Math.random" : null;
  if (node.type !== "Identifier" || own.has(node.name) || parent === undefined || !isReference(node, parent))
    return null;
  if (globals.has(node.name)) return node.name;
  if (node.name === "Date" && !isPureDate(node, parent)) return "Date";
  if (node.name === "Math" && !(parent.type === "MemberExpression" && !parent.computed)) return "Math as a value";
  return null;
}

function isMathRandom(node: MemberExpression): boolean {
  const property = node.property.type === "Identifier" ? node.property.name : null;
  return node.object.type === "Identifier" && node.object.name === "Math" && property === "random" && !node.computed;
}

function cryptoImport(node: Node): string | null {
  if (node.type === "Literal") return null;
  if (node.type !== "ImportSpecifier" || node.imported.type !== "Identifier")
    return "node:crypto as a whole (import its functions by name)";
  return random.test(node.imported.name) ? node.imported.name : null;
}

/** `new Date(ms)`, Date.UTC(…), Date.parse(…) and `instanceof Date` read no clock. */
function isPureDate(node: Node, parent: Node): boolean {
  if (parent.type === "NewExpression") return parent.callee === node && parent.arguments.length > 0;
  if (parent.type === "MemberExpression")
    return !parent.computed && parent.property.type === "Identifier" && pureDateMembers.has(parent.property.name);
  return parent.type === "BinaryExpression" && parent.operator === "instanceof";
}

/** Whether an identifier reads a variable, rather than naming a property, a type or a label. */
function isReference(node: Node, parent: Node): boolean {
  switch (parent.type) {
    case "MemberExpression":
      return parent.object === node || parent.computed;
    case "Property":
      return parent.value === node || parent.computed;
    case "MethodDefinition":
    case "PropertyDefinition":
    case "AccessorProperty":
      return parent.value === node || parent.computed;
    case "ImportSpecifier":
    case "ImportDefaultSpecifier":
    case "ImportNamespaceSpecifier":
    case "LabeledStatement":
    case "MetaProperty":
      return false;
    default:
      return !parent.type.startsWith("TS") || parent.type === "TSAsExpression" || parent.type === "TSNonNullExpression";
  }
}

/** The names that a file declares itself: parameters, variables, functions, classes and imports. */
function bindingsOf(source: Source): ReadonlySet<string> {
  const names = new Set<string>();
  walk(source.program, (node) => {
    if (node.type === "VariableDeclarator") addPattern(node.id, names);
    else if (node.type === "FunctionDeclaration" || node.type === "ClassDeclaration") addPattern(node.id, names);
    else if (node.type.startsWith("Import") && "local" in node) addPattern(node.local, names);
    if ("params" in node && Array.isArray(node.params))
      for (const parameter of node.params) addPattern(parameter, names);
  });
  return names;
}

function addPattern(pattern: Node | null, names: Set<string>): void {
  if (pattern === null) return;
  if (pattern.type === "Identifier") names.add(pattern.name);
  else if (pattern.type === "AssignmentPattern") addPattern(pattern.left, names);
  else if (pattern.type === "RestElement") addPattern(pattern.argument, names);
  else if (pattern.type === "ArrayPattern") for (const element of pattern.elements) addPattern(element, names);
  else if (pattern.type === "ObjectPattern")
    for (const part of pattern.properties) addPattern(propertyTarget(part), names);
}

function propertyTarget(part: Node): Node | null {
  if (part.type === "Property") return part.value;
  return part.type === "RestElement" ? part : null;
}
