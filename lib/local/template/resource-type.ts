import type * as z from "zod";
import type { ModelDraft } from "./model-draft.ts";
import type { ResourceIdentity } from "./resolver.ts";
import type { TemplatePlace } from "./template-error.ts";

/** What the names and ARNs of a resource are made of. */
export interface NamingContext {
  readonly stack: string;
  readonly logicalId: string;
  readonly account: string;
  readonly region: string;
  /** A property as text, resolved; undefined when the template leaves it out. */
  readonly property: (name: string) => string | undefined;
}

/** A resource of the templates whose properties have been resolved and checked. */
export interface ResourceInput<Properties> {
  readonly place: TemplatePlace;
  readonly identity: ResourceIdentity;
  readonly properties: Properties;
  readonly account: string;
  readonly region: string;
  /** Absolute path of the staged asset with this key. */
  assetPath(objectKey: string): string | undefined;
  /** Absolute path of a staged asset from the resource's own metadata. */
  readonly metadataAssetPath: string | undefined;
}

/** One type of resource: how it is named, what its properties may be, and what it adds to the model. */
export interface ResourceType {
  readonly type: string;
  readonly schema: z.ZodType;
  identify(context: NamingContext): ResourceIdentity;
  /** @throws {Error} saying what is wrong; the caller adds where */
  add(draft: ModelDraft, resource: ResourceInput<unknown>): void;
}

/** Ties the schema's type to the function that receives what it parsed. */
export function resourceType<Properties>(definition: {
  readonly type: string;
  readonly schema: z.ZodType<Properties>;
  identify(context: NamingContext): ResourceIdentity;
  add(draft: ModelDraft, resource: ResourceInput<Properties>): void;
}): ResourceType {
  return {
    ...definition,
    // The loader parses the properties with this very schema before it calls.
    add: (draft, resource) => definition.add(draft, resource as ResourceInput<Properties>),
  };
}

/** A resource that nothing refers to by more than its name. */
export function named(name: string, attributes: Readonly<Record<string, string>> = {}): ResourceIdentity {
  return { name, ref: name, attributes };
}
