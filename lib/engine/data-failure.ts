import type * as z from "zod";
import type { PartnerDriver } from "./define-partner.ts";
import { PartnerError } from "./errors.ts";

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

const issuesMax = 5;
