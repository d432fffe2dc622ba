import type * as z from "zod";
import type { PartnerDriver } from "../../engine/define-partner.ts";
import type { CredentialFields } from "../../engine/ports.ts";
import { type ApiError, ApiProblem } from "./problem.ts";

const fieldsMax = 20;

/** The credential as the driver's schema reads it, or the 400 that names each wrong field and repeats no value. */
export function credentialOf(driver: PartnerDriver, given: unknown): CredentialFields {
  const parsed = driver.auth.credential.safeParse(given);
  if (!parsed.success) {
    throw new ApiProblem(400, parsed.error.issues.flatMap((issue) => errorsOf(driver, issue)).slice(0, fieldsMax));
  }
  // A schema that only drops what it does not know would hide a misspelt field.
  const givenKeys = typeof given === "object" && given !== null ? Object.keys(given) : [];
  const unknown = givenKeys.filter((key) => !Object.hasOwn(parsed.data, key));
  if (unknown.length > 0)
    throw new ApiProblem(
      400,
      unknown.slice(0, fieldsMax).map((key) => unknownField(driver, key)),
    );
  return parsed.data;
}

function errorsOf(driver: PartnerDriver, issue: z.core.$ZodIssue): ApiError[] {
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownField(driver, key));
  return [wrongField(driver, issue.path)];
}

/** The schema's own message is not shown: it is the driver's, and might quote what was sent. */
function wrongField(driver: PartnerDriver, path: readonly PropertyKey[]): ApiError {
  const field = ["credential", ...path.map(String)].join(".");
  return {
    code: "invalid-field",
    message: `${field} is missing or is not of the form that ${driver.title} uses; see ${driver.docs}.`,
    field,
  };
}

function unknownField(driver: PartnerDriver, key: string): ApiError {
  const field = `credential.${key.slice(0, 100)}`;
  return { code: "unknown-field", message: `${driver.title}'s credential has no field ${field}; leave it out.`, field };
}
