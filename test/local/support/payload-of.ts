import type * as z from "zod";
import type { InvocationResult } from "../../../lib/local/types.ts";

/** What a function returned; anything else fails the test. */
export function payloadOf<Payload>(result: InvocationResult, schema: z.ZodType<Payload>): Payload {
  if (result.kind !== "returned") throw new Error(`The function was to return and ${JSON.stringify(result)} came.`);
  return schema.parse(result.payload);
}
