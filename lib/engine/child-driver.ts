import type { PageStrategy } from "./pages/page-strategy.ts";

/**
 * Things that belong to one thing of a resource and are fetched when it changed: details, media, transactions. A change
 * is a state that differs: a driver whose children change while the parent's record stays the same keeps the partner's
 * own time of change in the record, or lets the children's own import bring them.
 *
 * @example
 * children: [{ resource: "media", ask: { kind: "each", path: (id) => `/listings/${id}/media`, page: wholeList } }]
 */
export interface ChildDriver {
  /** The driver's own resource that the children are kept under. */
  readonly resource: string;
  readonly ask: ChildAsk;
}

export type ChildAsk =
  /** The one child has its parent's id, and is asked for as its resource asks for one thing. Gone with a 404, it is deleted. */
  | { readonly kind: "one" }
  /** A list for each parent, whose id comes URL-encoded; in pages, at most 100 of them. */
  | {
      readonly kind: "each";
      readonly path: (encodedParentId: string) => string;
      readonly page: PageStrategy;
      readonly query?: Readonly<Record<string, string>>;
    }
  /** One list for many parents. */
  | {
      readonly kind: "batch";
      /** The most parents that one call may name. */
      readonly idsMax: number;
      readonly path: string;
      readonly page: PageStrategy;
      readonly query: (parentIds: readonly string[]) => Readonly<Record<string, string>>;
      /** Where its parent's id is in an item, as a dotted path: an answer about others was not filtered, and is refused. */
      readonly parentId: string;
    };

interface Tree {
  readonly name: string;
  readonly resources: Readonly<Record<string, { readonly children?: readonly ChildDriver[] }>>;
}

/** Throws a RangeError where a driver names children that it has no resource for, or no usable way to ask for. */
export function checkChildren({ name, resources }: Tree): void {
  for (const [parent, { children = [] }] of Object.entries(resources)) {
    for (const { resource, ask } of children) {
      if (resource === parent || !Object.hasOwn(resources, resource))
        throw new RangeError(`${name}: ${parent} has children "${resource}", which is no other resource of the driver`);
      if (ask.kind === "batch" && !(Number.isInteger(ask.idsMax) && ask.idsMax >= 1))
        throw new RangeError(`${name}: ${resource} of ${parent} needs at least one id a batch, not ${ask.idsMax}`);
    }
  }
}

/** The resources that have imports of their own; all others come with their parents. */
export function importedByThemselves(driver: {
  readonly resources: Readonly<Record<string, { readonly isChildOnly?: true }>>;
}): readonly string[] {
  return Object.entries(driver.resources).flatMap(([name, { isChildOnly }]) => (isChildOnly === true ? [] : [name]));
}
