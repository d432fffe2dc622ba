import type * as z from "zod";

/** A common shape that drivers map into; its version rises when a consumer could notice the difference. */
export interface Model<Schema extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly version: number;
  readonly schema: Schema;
}

export function defineModel<Schema extends z.ZodType>(name: string, version: number, schema: Schema): Model<Schema> {
  return { name, version, schema };
}
