import { isRecord } from "../../front-door/json-target.ts";
import { matchesWildcard } from "../../front-door/policy/wildcard.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * Whether an event fits a pattern: every field of the pattern must be there, with one of the values listed.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
export function matchesPattern(pattern: Json, event: unknown): boolean {
  return Object.entries(pattern).every(([name, wanted]) => {
    const actual = isRecord(event) ? event[name] : undefined;
    if (Array.isArray(wanted)) return matchesSome(wanted, actual);
    return isRecord(wanted) && matchesPattern(wanted, actual);
  });
}

/** @throws {Error} naming the first matcher that is not evaluated here: a rule that never matched for no reason would be worse */
export function checkPattern(pattern: Json): void {
  for (const [name, wanted] of Object.entries(pattern)) {
    if (name === "$or") throw new Error("the pattern operator $or is not evaluated by the local stack");
    if (isRecord(wanted)) checkPattern(wanted);
    for (const matcher of Array.isArray(wanted) ? wanted.filter(isRecord) : []) {
      const operator = Object.keys(matcher)[0] ?? "";
      if (!(operator in matchers)) {
        throw new Error(`the pattern operator ${operator} is not evaluated by the local stack`);
      }
    }
  }
}

/** A list in the event matches when one of its items does. */
function matchesSome(wanted: readonly unknown[], actual: unknown): boolean {
  const values: readonly unknown[] = Array.isArray(actual) ? actual : [actual];
  return wanted.some((item) => values.some((value) => matchesOne(item, value)));
}

function matchesOne(wanted: unknown, value: unknown): boolean {
  if (!isRecord(wanted)) return wanted === value;
  const [operator = "", argument] = Object.entries(wanted)[0] ?? [];
  return matchers[operator]?.(argument, value) ?? false;
}

const matchers: Readonly<Record<string, (argument: unknown, value: unknown) => boolean>> = {
  exists: (argument, value) => (value !== undefined) === argument,
  prefix: (argument, value) => typeof value === "string" && typeof argument === "string" && value.startsWith(argument),
  suffix: (argument, value) => typeof value === "string" && typeof argument === "string" && value.endsWith(argument),
  wildcard: (argument, value) =>
    typeof value === "string" &&
    typeof argument === "string" &&
    matchesWildcard(argument.replaceAll("?", "\u0000"), value),
  "anything-but": (argument, value) =>
    value !== undefined && !(Array.isArray(argument) ? argument : [argument]).some((item) => matchesOne(item, value)),
  "equals-ignore-case": (argument, value) =>
    typeof value === "string" && typeof argument === "string" && value.toLowerCase() === argument.toLowerCase(),
};
