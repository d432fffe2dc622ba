import type * as z from "zod";
import type { PartnerDriver } from "./define-partner.ts";
import { PartnerError } from "./errors.ts";
import { isFieldName } from "./shape.ts";

/** A failure of shape: says which fields did not fit, never their values, which may be somebody's data. */
export function dataFailure(
  driver: Pick<PartnerDriver, "name" | "title">,
  code: string,
  expected: string,
  error: z.ZodError,
): PartnerError {
  const issues = error.issues
    .slice(0, issuesMax)
    .map((issue) => `${issue.path.map(String).join(".") || "(top)"}: ${issue.code}`);
  return new PartnerError({
    code,
    kind: "data",
    partner: driver.name,
    message: `${driver.title}: expected ${expected}; ${issues.join("; ")}. Compare the kept answer with the driver's schema.`,
    cause: { expected, actual: issues.join("; ") },
  });
}

/** The first path that did not fit, for whoever counts by it: list entries as `[]`, keys that are data as `*`. */
export function refusedPathOf(error: PartnerError): string {
  const [issue = ""] = error.cause.actual.split(";");
  const colon = issue.lastIndexOf(": ");
  if (colon === -1) return "(mapping)";
  const names = issue
    .slice(0, colon)
    .split(".")
    .map((name) => (/^\d{1,3}$/.test(name) ? "[]" : isFieldName(name) ? name : "*"));
  return names.join(".").replaceAll(".[]", "[]").slice(0, pathCharsMax);
}

const pathCharsMax = 200;
const issuesMax = 5;
