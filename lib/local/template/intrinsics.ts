import { isDeepStrictEqual } from "node:util";
import type { CfnTemplate } from "./cfn-template.ts";

/** What intrinsic functions ask of the template they are in. */
export interface IntrinsicContext {
  readonly mappings: CfnTemplate["Mappings"];
  readonly region: string;
  resolve(value: unknown): unknown;
  ref(name: string): unknown;
  attribute(logicalId: string, name: string): string;
  condition(name: string): boolean;
  importValue(name: string): unknown;
  stackOutput(stackName: string, outputName: string): unknown;
}

type Intrinsic = (context: IntrinsicContext, argument: unknown) => unknown;

/** CloudFormation's functions by name: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html */
export const intrinsics: Readonly<Record<string, Intrinsic>> = {
  Ref: (context, argument) => context.ref(String(argument)),
  Condition: (context, argument) => context.condition(String(argument)),
  "Fn::GetAtt": getAttribute,
  "Fn::Sub": substitute,
  "Fn::FindInMap": findInMap,
  "Fn::Join": (context, argument) => {
    const [separator, items] = list(context, argument);
    return list(context, items).map(String).join(String(separator));
  },
  "Fn::Select": (context, argument) => {
    const [index, items] = list(context, argument);
    return element(list(context, items), Number(index));
  },
  "Fn::Split": (context, argument) => {
    const [separator, text] = list(context, argument);
    return String(text).split(String(separator));
  },
  "Fn::Base64": (context, argument) => Buffer.from(String(context.resolve(argument))).toString("base64"),
  "Fn::ImportValue": (context, argument) => context.importValue(String(context.resolve(argument))),
  "Fn::GetStackOutput": (context, argument) => {
    const wanted = context.resolve(argument);
    if (!isObject(wanted)) throw new Error("Fn::GetStackOutput needs StackName and OutputName");
    return context.stackOutput(String(wanted["StackName"]), String(wanted["OutputName"]));
  },
  "Fn::If": (context, argument) => {
    if (!Array.isArray(argument)) throw new Error("Fn::If needs a condition and two values");
    // Only the value that is chosen: the other may refer to what is not there.
    return context.resolve(context.condition(String(argument[0])) ? argument[1] : argument[2]);
  },
  "Fn::Equals": (context, argument) => {
    const [left, right] = list(context, argument);
    return isDeepStrictEqual(left, right);
  },
  "Fn::And": (context, argument) => list(context, argument).every(Boolean),
  "Fn::Or": (context, argument) => list(context, argument).some(Boolean),
  "Fn::Not": (context, argument) => !list(context, argument)[0],
  "Fn::GetAZs": ({ region }) => ["a", "b", "c"].map((zone) => `${region}${zone}`),
  "Fn::Length": (context, argument) => list(context, argument).length,
  "Fn::ToJsonString": (context, argument) => JSON.stringify(context.resolve(argument)),
};

/** Whether a key of a template is a function to evaluate. */
export function isIntrinsic(key: string): boolean {
  return key === "Ref" || key === "Condition" || key.startsWith("Fn::");
}

function getAttribute(context: IntrinsicContext, argument: unknown): string {
  const parts = Array.isArray(argument) ? list(context, argument).map(String) : String(argument).split(".");
  const [logicalId = "", ...rest] = parts;
  return context.attribute(logicalId, rest.join("."));
}

function substitute(context: IntrinsicContext, argument: unknown): string {
  const parts: readonly unknown[] = Array.isArray(argument) ? argument : [argument, {}];
  const [text, variables] = parts;
  const own = isObject(variables) ? variables : {};
  return String(text).replace(/\$\{(!?)([^}]*)\}/g, (_all, literal: string, name: string) => {
    if (literal === "!") return `\${${name}}`;
    if (name in own) return String(context.resolve(own[name]));
    return String(name.includes(".") ? getAttribute(context, name) : context.ref(name));
  });
}

function findInMap(context: IntrinsicContext, argument: unknown): unknown {
  const [map, first, second, fallback] = list(context, argument);
  const value = context.mappings[String(map)]?.[String(first)]?.[String(second)];
  if (value !== undefined) return context.resolve(value);
  if (isObject(fallback) && "DefaultValue" in fallback) return fallback["DefaultValue"];
  throw new Error(`the mapping ${String(map)} has no value at ${String(first)}, ${String(second)}`);
}

function list(context: IntrinsicContext, argument: unknown): unknown[] {
  const resolved = context.resolve(argument);
  if (!Array.isArray(resolved)) throw new Error(`expected a list, got ${JSON.stringify(resolved)}`);
  return resolved;
}

function element(items: readonly unknown[], index: number): unknown {
  if (index in items) return items[index];
  throw new Error(`Fn::Select wants item ${index} of ${items.length}`);
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
