import { intrinsics, isIntrinsic, isObject, type IntrinsicContext } from "./intrinsics.ts";
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
  const context: IntrinsicContext = {
    mappings: stack.template.Mappings,
    region: ports.region,
    resolve: (value) => resolve(context, value),
    ref: (name) => ref(stack, ports, name),
    attribute(logicalId, name) {
      const value = ports.identityOf(stack, logicalId).attributes[name];
      if (value !== undefined) return value;
      throw new Error(`the attribute ${name} of ${logicalId} is not known to the local stack`);
    },
    condition(name) {
      if (!(name in stack.template.Conditions)) throw new Error(`there is no condition ${name}`);
      return resolve(context, stack.template.Conditions[name]) === true;
    },
    importValue: (name) => ports.importValue(name),
    stackOutput: (stackName, outputName) => ports.stackOutput(stackName, outputName),
  };
  return {
    resolve: (value) => resolve(context, value),
    resolveProperty(value) {
      const resolved = resolve(context, value);
      return resolved === noValue ? null : { value: resolved };
    },
    condition: (name) => context.condition(name),
  };
}

function resolve(context: IntrinsicContext, value: unknown): unknown {
  if (typeof value === "string") return withoutDynamicReference(value);
  if (Array.isArray(value)) return value.map((item) => resolve(context, item)).filter((item) => item !== noValue);
  if (!isObject(value)) return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first !== undefined && isIntrinsic(first[0])) {
    const intrinsic = intrinsics[first[0]];
    if (intrinsic !== undefined) return intrinsic(context, first[1]);
    throw new Error(`the intrinsic function ${first[0]} is not evaluated by the local stack`);
  }
  return Object.fromEntries(
    entries.map(([key, member]) => [key, resolve(context, member)] as const).filter(([, member]) => member !== noValue),
  );
}

function ref(stack: StackSource, ports: ResolverPorts, name: string): unknown {
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
  if (name in pseudo) return pseudo[name];
  const parameter = stack.template.Parameters[name];
  if (parameter === undefined) return ports.identityOf(stack, name).ref;
  if (parameter.Type.startsWith("AWS::SSM::") || parameter.Default === undefined) {
    throw new Error(`the parameter ${name} (${parameter.Type}) has no value here: give it in the stack's code`);
  }
  return parameter.Default;
}

/** Such a reference is only filled in by CloudFormation at deployment; passing it on as text would fail far away. */
function withoutDynamicReference(text: string): string {
  if (!text.includes("{{resolve:")) return text;
  throw new Error(`the dynamic reference ${text} is not evaluated by the local stack`);
}
