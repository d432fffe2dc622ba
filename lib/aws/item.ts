import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type * as z from "zod";

/*
 * An item holds its keys, the attributes that DynamoDB itself has to see (conditions, indexes, expiry) and `body`, the
 * value as JSON. The low-level client is used, without lib-dynamodb: nothing is left to marshal, numbers and nulls come
 * back as they went, and the signed calls of the webhook function read the same items without the SDK.
 */
export type Item = Readonly<Record<string, AttributeValue>>;

/** An item is not what this version writes: mend or remove it by hand. */
export class CorruptItem extends Error {
  constructor(table: string, item: Item, fault: string) {
    super(`${table}: item ${keyOf(item)}: ${fault}`);
    this.name = "CorruptItem";
  }
}

export const text = (value: string): AttributeValue => ({ S: value });
export const number = (value: number): AttributeValue => ({ N: String(value) });
export const flag = (value: boolean): AttributeValue => ({ BOOL: value });

/** Throws `CorruptItem` where the attribute is absent or of another type. */
export function textOf(table: string, item: Item, name: string): string {
  const value = item[name]?.S;
  if (value === undefined) throw new CorruptItem(table, item, `${name} is no string`);
  return value;
}

/** Throws `CorruptItem` where the attribute is absent or of another type. */
export function numberOf(table: string, item: Item, name: string): number {
  const value = Number(item[name]?.N);
  if (!Number.isFinite(value)) throw new CorruptItem(table, item, `${name} is no number`);
  return value;
}

/** Throws `CorruptItem` where the attribute is absent or of another type. */
export function flagOf(table: string, item: Item, name: string): boolean {
  const value = item[name]?.BOOL;
  if (value === undefined) throw new CorruptItem(table, item, `${name} is no boolean`);
  return value;
}

/** Reads an attribute's JSON through a schema. Throws `CorruptItem`. */
export function jsonOf<T>(table: string, item: Item, schema: z.ZodType<T>, name = "body"): T {
  let value: unknown;
  try {
    value = JSON.parse(textOf(table, item, name));
  } catch (error) {
    if (error instanceof CorruptItem) throw error;
    throw new CorruptItem(table, item, `${name} is no JSON`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const paths = parsed.error.issues.slice(0, 5).map((issue) => issue.path.join(".") || "(whole)");
  throw new CorruptItem(table, item, `${name} does not fit its schema at ${paths.join(", ")}`);
}

function keyOf(item: Item): string {
  return `${item["pk"]?.S ?? "?"} / ${item["sk"]?.S ?? item["sk"]?.N ?? "-"}`;
}
