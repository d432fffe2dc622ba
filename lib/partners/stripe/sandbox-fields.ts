import * as z from "zod";
import type { Reply } from "../../local/sandbox/definition.ts";
import type { Form, FormValue } from "../../local/sandbox/form.ts";
import { invalidRequest } from "./sandbox-replies.ts";

/** A whole number as forms and queries carry it. */
export const FormInteger = z
  .string()
  .regex(/^-?\d{1,15}$/)
  .transform(Number);

/** Text, of which the empty one means null (docs.stripe.com/api: an empty string unsets). */
export const Emptyable = z
  .string()
  .max(5_000)
  .transform((text) => (text === "" ? null : text));

/** docs.stripe.com/api/metadata: keys of at most 40 characters, values of at most 500. */
export const MetadataChange = z.record(z.string().min(1).max(40), z.string().max(500));

const METADATA_KEYS_MAX = 50;

/** Metadata after a change: keys add up, an empty value takes one away; null when there would be more than 50. */
export function mergeMetadata(
  before: Readonly<Record<string, string>>,
  change: Readonly<Record<string, string>>,
): Record<string, string> | null {
  const after = Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== ""));
  return Object.keys(after).length > METADATA_KEYS_MAX ? null : after;
}

/** Stripe's 400 for the first parameter of a form that does not fit (docs.stripe.com/error-codes). */
export function fieldProblem(error: z.ZodError, form: Form): Reply {
  const issue = error.issues[0];
  const path = issue?.path.map(String) ?? [];
  if (issue?.code === "unrecognized_keys") {
    const param = nameOf([...path, issue.keys[0] ?? ""]);
    return invalidRequest(`Received unknown parameter: ${param}`, "parameter_unknown", param);
  }
  const param = nameOf(path);
  return valueAt(form, path) === undefined
    ? invalidRequest(`Missing required param: ${param}.`, "parameter_missing", param)
    : invalidRequest(`Invalid ${param}: ${issue?.message ?? "it does not fit"}`, "parameter_invalid", param);
}

function valueAt(form: Form, path: readonly string[]): FormValue | undefined {
  let value: FormValue | undefined = form;
  for (const step of path) {
    if (typeof value !== "object") return undefined;
    value = Array.isArray(value) ? value[Number(step)] : value[step];
  }
  return value;
}

function nameOf(path: readonly string[]): string {
  const [first = "", ...rest] = path;
  return `${first}${rest.map((step) => `[${step}]`).join("")}`;
}
