import { isAbsolute, join } from "node:path";
import type * as z from "zod";
import type { StackModel } from "../types.ts";
import { assembleModel } from "./assemble-model.ts";
import type { CfnResource } from "./cfn-template.ts";
import { emptyDraft, type ModelDraft } from "./model-draft.ts";
import { readAssembly, type StackSource } from "./read-assembly.ts";
import { createResolver, type Resolver, type ResourceIdentity, type ResolverPorts } from "./resolver.ts";
import { resourceTypes } from "./resources/index.ts";
import { TemplateError, type TemplatePlace } from "./template-error.ts";

export interface LoadOptions {
  /** Where the stacks leave it open; us-east-1 unless said. */
  readonly region?: string;
}

const localAccount = "000000000000";

/**
 * Reads a `cdk.out` folder and resolves its templates to what the local stack runs.
 * @throws {TemplateError} naming stack, resource, type and property for whatever is neither honoured nor knowingly ignored
 * @example loadStackModel("cdk.out").queues.map((queue) => queue.name)
 */
export function loadStackModel(cdkOutDir: string, options: LoadOptions = {}): StackModel {
  const stacks = readAssembly(cdkOutDir);
  const loader = new StackLoader(stacks, regionOf(stacks, options.region));
  return loader.load();
}

/** One region for all: that of the stacks that name one. */
function regionOf(stacks: readonly StackSource[], wanted: string | undefined): string {
  const regions = new Set(stacks.flatMap(({ region }) => region ?? []));
  if (regions.size > 1)
    throw new Error(`The stacks are in several regions (${[...regions].join(", ")}); the local stack has one.`);
  for (const { name, account } of stacks) {
    if (account === null || account === localAccount) continue;
    throw new Error(
      `Stack ${name} was synthesised for the account ${account}. Synthesise it without an account (unset CDK_DEFAULT_ACCOUNT and the stage's account) to run it here.`,
    );
  }
  return [...regions][0] ?? wanted ?? "us-east-1";
}

class StackLoader {
  readonly #stacks: readonly StackSource[];
  readonly #region: string;
  readonly #resolvers = new Map<StackSource, Resolver>();
  readonly #identities = new Map<CfnResource, ResourceIdentity | "under way">();

  constructor(stacks: readonly StackSource[], region: string) {
    this.#stacks = stacks;
    this.#region = region;
    const ports: ResolverPorts = {
      account: localAccount,
      region,
      identityOf: (stack, logicalId) => this.#identityOf(stack, logicalId),
      importValue: (name) => this.#importValue(name),
      stackOutput: (stackName, outputName) => this.#stackOutput(stackName, outputName),
    };
    for (const stack of stacks) this.#resolvers.set(stack, createResolver(stack, ports));
  }

  load(): StackModel {
    const draft = emptyDraft();
    for (const stack of this.#stacks) {
      for (const [logicalId, resource] of Object.entries(stack.template.Resources)) {
        const place = { stack: stack.name, logicalId, type: resource.Type };
        within(place, () => this.#add(draft, stack, resource, place));
      }
    }
    return assembleModel(draft, localAccount, this.#region, this.#outputs());
  }

  #add(draft: ModelDraft, stack: StackSource, resource: CfnResource, place: TemplatePlace): void {
    if (resource.Condition !== undefined && !this.#resolver(stack).condition(resource.Condition)) return;
    this.#checkDependencies(stack, resource);
    const type = typeOf(resource);
    const parsed = type.schema.safeParse(this.#resolveProperties(stack, resource));
    if (!parsed.success) throw new Error(problemsOf(parsed.error));
    const assetPath = resource.Metadata?.["aws:asset:path"];
    type.add(draft, {
      place,
      identity: this.#identityOf(stack, place.logicalId),
      properties: parsed.data,
      account: localAccount,
      region: this.#region,
      assetPath: (objectKey) => stack.assets.get(objectKey),
      metadataAssetPath: typeof assetPath === "string" ? pathIn(stack.folder, assetPath) : undefined,
    });
  }

  #resolveProperties(stack: StackSource, resource: CfnResource): Record<string, unknown> {
    const properties: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(resource.Properties)) {
      try {
        const resolved = this.#resolver(stack).resolveProperty(value);
        if (resolved !== null) properties[name] = resolved.value;
      } catch (error) {
        throw new Error(`property ${name}: ${messageOf(error)}`, { cause: error });
      }
    }
    return properties;
  }

  #checkDependencies(stack: StackSource, resource: CfnResource): void {
    for (const logicalId of [resource.DependsOn ?? []].flat()) {
      if (!(logicalId in stack.template.Resources))
        throw new Error(`it depends on ${logicalId}, which the stack does not have`);
    }
  }

  #identityOf(stack: StackSource, logicalId: string): ResourceIdentity {
    const resource = stack.template.Resources[logicalId];
    if (resource === undefined) throw new Error(`the stack has no resource ${logicalId}`);
    const known = this.#identities.get(resource);
    if (known === "under way") throw new Error(`the name of ${logicalId} depends on itself`);
    if (known !== undefined) return known;
    this.#identities.set(resource, "under way");
    const identity = typeOf(resource).identify({
      stack: stack.name,
      logicalId,
      account: localAccount,
      region: this.#region,
      property: (name) => textOf(this.#resolver(stack).resolve(resource.Properties[name])),
    });
    this.#identities.set(resource, identity);
    return identity;
  }

  #importValue(name: string): unknown {
    for (const stack of this.#stacks) {
      for (const output of Object.values(stack.template.Outputs)) {
        const exported = output.Export === undefined ? undefined : this.#resolver(stack).resolve(output.Export.Name);
        if (exported === name) return this.#resolver(stack).resolve(output.Value);
      }
    }
    throw new Error(`no stack exports ${name}`);
  }

  #stackOutput(stackName: string, outputName: string): unknown {
    const stack = this.#stacks.find(({ name }) => name === stackName);
    const output = stack?.template.Outputs[outputName];
    if (stack === undefined || output === undefined)
      throw new Error(`there is no output ${outputName} of a stack ${stackName}`);
    return this.#resolver(stack).resolve(output.Value);
  }

  #outputs(): Record<string, string> {
    const outputs: Record<string, string> = {};
    for (const stack of this.#stacks) {
      for (const [key, output] of Object.entries(stack.template.Outputs)) {
        if (output.Condition !== undefined && !this.#resolver(stack).condition(output.Condition)) continue;
        const place = { stack: stack.name, logicalId: key, type: "output" };
        outputs[`${stack.name}.${key}`] = within(place, () => String(this.#resolver(stack).resolve(output.Value)));
      }
    }
    return outputs;
  }

  #resolver(stack: StackSource): Resolver {
    const resolver = this.#resolvers.get(stack);
    if (resolver === undefined) throw new Error(`the stack ${stack.name} has no resolver`);
    return resolver;
  }
}

function typeOf(resource: CfnResource): NonNullable<ReturnType<typeof resourceTypes.get>> {
  const type = resourceTypes.get(resource.Type);
  if (type !== undefined) return type;
  throw new Error(
    `the local stack does not know the type ${resource.Type}: it neither runs it nor ignores it with a reason`,
  );
}

/** Adds where to what went wrong. */
function within<Result>(place: TemplatePlace, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw error instanceof TemplateError ? error : new TemplateError(place, messageOf(error));
  }
}

function problemsOf(error: z.ZodError): string {
  return error.issues
    .map((issue) => {
      const path = issue.path.map(String).join(".");
      if (issue.code !== "unrecognized_keys") return `property ${path}: ${issue.message}`;
      const names = issue.keys.map((key) => (path === "" ? key : `${path}.${key}`)).join(", ");
      return `property ${names}: the local stack neither honours it nor ignores it with a reason`;
    })
    .join("; ");
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function pathIn(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
