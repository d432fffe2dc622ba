import { matchesWildcard } from "./wildcard.ts";

type Conditions = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
export type ConditionContext = Readonly<Record<string, readonly string[]>>;

/**
 * Whether every condition of a statement holds: operators and keys are joined by AND, values by OR.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export function conditionsHold(conditions: Conditions, context: ConditionContext): boolean {
  for (const [operator, keys] of Object.entries(conditions)) {
    for (const [key, wanted] of Object.entries(keys)) {
      if (!holds(parseOperator(operator), wanted, context[key.toLowerCase()])) return false;
    }
  }
  return true;
}

/** The operator in its parts, or an error: an operator nobody evaluates must not pass unnoticed. */
export function parseOperator(operator: string): ParsedOperator {
  const match = /^(ForAllValues:|ForAnyValue:)?([A-Za-z]+?)(IfExists)?$/.exec(operator);
  const base = match?.[2] ?? "";
  if (!(base in tests)) {
    throw new Error(
      `The condition operator "${operator}" is not evaluated by the local stack. Use one of ${Object.keys(tests).join(", ")}, with ForAllValues:, ForAnyValue: or …IfExists.`,
    );
  }
  const quantifier = match?.[1] === undefined ? "one" : match[1] === "ForAllValues:" ? "all" : "any";
  return { base, quantifier, ifExists: match?.[3] !== undefined };
}

interface ParsedOperator {
  readonly base: string;
  readonly quantifier: "one" | "all" | "any";
  readonly ifExists: boolean;
}

/** One value of the request against one value of the policy. */
const tests: Readonly<Record<string, (actual: string, wanted: string) => boolean>> = {
  StringEquals: (actual, wanted) => actual === wanted,
  StringNotEquals: (actual, wanted) => actual === wanted,
  StringEqualsIgnoreCase: (actual, wanted) => actual.toLowerCase() === wanted.toLowerCase(),
  StringNotEqualsIgnoreCase: (actual, wanted) => actual.toLowerCase() === wanted.toLowerCase(),
  StringLike: (actual, wanted) => matchesWildcard(wanted, actual),
  StringNotLike: (actual, wanted) => matchesWildcard(wanted, actual),
  ArnEquals: matchesArn,
  ArnNotEquals: matchesArn,
  ArnLike: matchesArn,
  ArnNotLike: matchesArn,
  Bool: (actual, wanted) => actual.toLowerCase() === wanted.toLowerCase(),
  NumericEquals: (actual, wanted) => Number(actual) === Number(wanted),
  NumericNotEquals: (actual, wanted) => Number(actual) === Number(wanted),
  NumericLessThan: (actual, wanted) => Number(actual) < Number(wanted),
  NumericLessThanEquals: (actual, wanted) => Number(actual) <= Number(wanted),
  NumericGreaterThan: (actual, wanted) => Number(actual) > Number(wanted),
  NumericGreaterThanEquals: (actual, wanted) => Number(actual) >= Number(wanted),
  Null: () => false,
};

/** A negated operator holds when its plain form matches no value of the policy. */
const negated = new Set(Object.keys(tests).filter((name) => name.includes("Not") && name !== "Null"));

function holds(operator: ParsedOperator, wanted: readonly string[], actual: readonly string[] | undefined): boolean {
  if (operator.base === "Null") {
    const isAbsent = actual === undefined || actual.length === 0;
    return wanted.some((value) => (value.toLowerCase() === "true") === isAbsent);
  }
  const values = actual ?? [];
  if (values.length === 0) {
    // A missing key satisfies ForAllValues (nothing contradicts it), …IfExists and the negated operators; it satisfies nothing else.
    if (operator.quantifier === "all" || operator.ifExists) return true;
    return operator.quantifier === "one" && negated.has(operator.base);
  }
  const matches = (value: string) => matchesSome(operator.base, value, wanted);
  if (operator.quantifier === "all") return values.every(matches);
  return values.some(matches);
}

function matchesSome(base: string, actual: string, wanted: readonly string[]): boolean {
  const test = tests[base];
  if (test === undefined) return false;
  const some = wanted.some((value) => test(actual, value));
  return negated.has(base) ? !some : some;
}

/** ARNs match part by part: a wildcard does not reach over the first five colons. */
function matchesArn(actual: string, wanted: string): boolean {
  const actualParts = splitArn(actual);
  const wantedParts = splitArn(wanted);
  if (wantedParts.length !== actualParts.length) return false;
  return wantedParts.every((part, index) => matchesWildcard(part, actualParts[index] ?? ""));
}

function splitArn(arn: string): string[] {
  const parts = arn.split(":");
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(":")];
}
