import type * as z from "zod";
import { type ApiError, ApiProblem } from "./problem.ts";

/** At most this many wrong fields are named in one answer. */
const errorsMax = 20;
const keyLengthMax = 100;

/** Parses what came in by a schema, or throws the 400 that names each field that is wrong. */
export function validate<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  where: "body" | "query" | "path",
): z.infer<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new ApiProblem(400, parsed.error.issues.flatMap((issue) => errorsOf(issue, where)).slice(0, errorsMax));
}

function errorsOf(issue: z.core.$ZodIssue, where: string): ApiError[] {
  if (issue.code !== "unrecognized_keys") {
    const field = fieldOf(issue.path);
    return [{ code: "invalid-field", message: `The ${where}'s ${field}: ${issue.message}`, field }];
  }
  return issue.keys.map((key) => {
    const field = fieldOf([...issue.path, key]);
    return { code: "unknown-field", message: `The ${where} has an unknown field, ${field}; leave it out.`, field };
  });
}

function fieldOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "(whole)";
  return path.map((key) => String(key).slice(0, keyLengthMax)).join(".");
}
