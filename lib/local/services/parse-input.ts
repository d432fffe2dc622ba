import type * as z from "zod";
import { AwsError } from "../front-door/aws-error.ts";

/** @throws {AwsError} ValidationException naming the first member that does not fit */
export function parseInput<Value>(schema: z.ZodType<Value>, input: unknown): Value {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const member = issue === undefined || issue.path.length === 0 ? "request" : issue.path.join(".");
  throw new AwsError(
    "ValidationException",
    `Value at '${member}' failed to satisfy constraint: ${issue?.message ?? "unknown"}`,
  );
}
