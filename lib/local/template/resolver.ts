import { isDeepStrictEqual } from "node:util";
import type { StackSource } from "./read-assembly.ts";

/** `Ref` and `Fn::GetAtt` of one resource. */
export interface ResourceIdentity {
  readonly name: string;
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface ResolverPorts {
  readonly account: string;
  readonly region: string;
  identityOf(stack: StackSource, logicalId: string): ResourceIdentity;
  /** Value of an export, from whichever stack has it. */
  importValue(name: string): unknown;
  stackOutput(stackName: string, outputName: string): unknown;
}

/** Turns a template's values into plain ones. */
export interface Resolver {
  /** @throws {Error} naming what cannot be resolved */
  resolve(value: unknown): unknown;
  /** Null when the value is AWS::NoValue: the property counts as left out. */
  resolveProperty(value: unknown): { readonly value: unknown } | null;
  condition(name: string): boolean;
}

const noValue = Symbol("AWS::NoValue");

export function createResolver(stack: StackSource, ports: ResolverPorts): Resolver {
  const { template } = stack;

  function resolve(value: unknown): unknown {
    if (typeof value === "string") return withoutDynamicReference(value);
    if (Array.isArray(value)) return value.map(resolve).filter((item) => item !== noValue);
    if (!isObject(value)) return value;
    const entries = Object.entries(value);
    const [first] = entries;
    if (entries.length === 1 && first !== undefined && isIntrinsic(first[0])) return evaluate(first[0], first[1]);
    return Object.fromEntries(
      entries.map(([key, member]) => [key, resolve(member)] as const).filter(([, member]) => member !== noValue),
    );
  }

  function evaluate(name: string, argument: unknown): unknown {
    const intrinsic = intrinsics[name];
    if (intrinsic === undefined) throw new Error(`the intrinsic function ${name} is not evaluated by the local stack`);
    return intrinsic(argument);
  }

  const list = (argument: unknown): unknown[] => {
    const resolved = Array.isArray(argument) ? argument.map(resolve) : resolve(argument);
    if (!Array.isArray(resolved)) throw new Error(`expected a list, got ${JSON.stringify(resolved)}`);
    return resolved;
  };

  const intrinsics: Readonly<Record<string, (argument: unknown) => unknown>> = {
    Ref: (argument) => ref(String(argument)),
    Condition: (argument) => condition(String(argument)),
    "Fn::GetAtt": (argument) => getAttribute(argument),
    "Fn::Join": (argument) => {
      const [separator, ...rest] = list(argument);
      return list(rest[0]).map(String).join(String(separator));
    },
    "Fn::Sub": (argument) => substitute(argument),
    "Fn::Select": (argument) => {
      const [index, items] = list(argument);
      return element(list(items), Number(index));
    },
    "Fn::Split": (argument) => {
      const [separator, text] = list(argument);
      return String(text).split(String(separator));
    },
    "Fn::Base64": (argument) => Buffer.from(String(resolve(argument))).toString("base64"),
    "Fn::ImportValue": (argument) => ports.importValue(String(resolve(argument))),
    "Fn::GetStackOutput": (argument) => {
      const wanted = resolve(argument);
      if (!isObject(wanted)) throw new Error("Fn::GetStackOutput needs StackName and OutputName");
      return ports.stackOutput(String(wanted["StackName"]), String(wanted["OutputName"]));
    },
    "Fn::FindInMap": (argument) => findInMap(list(argument)),
    "Fn::If": (argument) => {
      if (!Array.isArray(argument)) throw new Error("Fn::If needs a condition and two values");
      return resolve(condition(String(argument[0])) ? argument[1] : argument[2]);
    },
    "Fn::Equals": (argument) => {
      const [left, right] = list(argument);
      return isDeepStrictEqual(left, right);
    },
    "Fn::And": (argument) => list(argument).every(Boolean),
    "Fn::Or": (argument) => list(argument).some(Boolean),
    "Fn::Not": (argument) => !list(argument)[0],
    "Fn::GetAZs": () => ["a", "b", "c"].map((zone) => `${ports.region}${zone}`),
    "Fn::Length": (argument) => list(argument).length,
    "Fn::ToJsonString": (argument) => JSON.stringify(resolve(argument)),
  };

  const pseudo: Readonly<Record<string, unknown>> = {
    "AWS::AccountId": ports.account,
    "AWS::Region": ports.region,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": stack.name,
    "AWS::StackId": `arn:aws:cloudformation:${ports.region}:${ports.account}:stack/${stack.name}/local`,
    "AWS::NotificationARNs": [],
    "AWS::NoValue": noValue,
  };

  function ref(name: string): unknown {
    if (name in pseudo) return pseudo[name];
    const parameter = template.Parameters[name];
    if (parameter === undefined) return ports.identityOf(stack, name).ref;
    if (parameter.Type.startsWith("AWS::SSM::") || parameter.Default === undefined) {
      throw new Error(`the parameter ${name} (${parameter.Type}) has no value here: give it in the stack's code`);
    }
    return parameter.Default;
  }

  function getAttribute(argument: unknown): string {
    const [logicalId = "", ...rest] = Array.isArray(argument)
      ? list(argument).map(String)
      : String(argument).split(".");
    const attribute = rest.join(".");
    const value = ports.identityOf(stack, logicalId).attributes[attribute];
    if (value === undefined)
      throw new Error(`the attribute ${attribute} of ${logicalId} is not known to the local stack`);
    return value;
  }

  function substitute(argument: unknown): string {
    const parts: readonly unknown[] = Array.isArray(argument) ? argument : [argument, {}];
    const [text, variables] = parts;
    const own = isObject(variables) ? variables : {};
    return String(text).replace(/\$\{(!?)([^}]*)\}/g, (_all, literal: string, name: string) => {
      if (literal === "!") return `\${${name}}`;
      if (name in own) return String(resolve(own[name]));
      return String(name.includes(".") ? getAttribute(name) : ref(name));
    });
  }

  function findInMap([map, first, second, fallback]: unknown[]): unknown {
    const value = template.Mappings[String(map)]?.[String(first)]?.[String(second)];
    if (value !== undefined) return resolve(value);
    if (isObject(fallback) && "DefaultValue" in fallback) return fallback["DefaultValue"];
    throw new Error(`the mapping ${String(map)} has no value at ${String(first)}, ${String(second)}`);
  }

  function condition(name: string): boolean {
    if (!(name in template.Conditions)) throw new Error(`there is no condition ${name}`);
    return resolve(template.Conditions[name]) === true;
  }

  const resolveProperty = (value: unknown): { readonly value: unknown } | null => {
    const resolved = resolve(value);
    return resolved === noValue ? null : { value: resolved };
  };
  return { resolve, resolveProperty, condition };
}

function isIntrinsic(key: string): boolean {
  return key === "Ref" || key === "Condition" || key.startsWith("Fn::");
}

function element(items: readonly unknown[], index: number): unknown {
  if (index in items) return items[index];
  throw new Error(`Fn::Select wants item ${index} of ${items.length}`);
}

/** Such a reference is only filled in by CloudFormation at deployment; passing it on as text would fail far away. */
function withoutDynamicReference(text: string): string {
  if (!text.includes("{{resolve:")) return text;
  throw new Error(`the dynamic reference ${text} is not evaluated by the local stack`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
