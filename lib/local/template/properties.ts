import * as z from "zod";

/** A property that is left aside here, and why: the reason shows in the list of ignored properties. */
export function ignored(reason: string): z.ZodOptional<z.ZodUnknown> {
  return z.unknown().describe(reason).optional();
}

/** CloudFormation takes numbers and booleans as strings too. */
export const integer = z
  .union([z.number(), z.string().regex(/^-?\d+$/)])
  .transform(Number)
  .pipe(z.int());
export const decimal = z
  .union([z.number(), z.string().regex(/^-?\d+(\.\d+)?$/)])
  .transform(Number)
  .pipe(z.number());
export const flag = z.union([z.boolean(), z.enum(["true", "false"])]).transform((value) => String(value) === "true");

/** JSON that templates give as text or as an object. */
export const jsonText = z
  .union([z.string(), z.record(z.string(), z.unknown())])
  .transform((value) => (typeof value === "string" ? value : JSON.stringify(value)));

export const tags = ignored("tags are for bills and searches in an account");

/** Every property that a schema ignores, with its reason; nested ones by their path. */
export function ignoredIn(schema: z.ZodType, path = ""): { readonly property: string; readonly reason: string }[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) {
    const inner = schema.unwrap();
    if (inner instanceof z.ZodUnknown && inner.description !== undefined) {
      return [{ property: path, reason: inner.description }];
    }
    // zod types the inner schema as its core; every schema here is of the classic kind.
    return ignoredIn(inner as z.ZodType, path);
  }
  if (schema instanceof z.ZodArray) return ignoredIn(schema.element as z.ZodType, `${path}[]`); // as above
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).flatMap(
    ([name, member]) => ignoredIn(member as z.ZodType, path === "" ? name : `${path}.${name}`), // as above
  );
}
