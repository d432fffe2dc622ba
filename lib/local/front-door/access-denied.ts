import { AwsError } from "./aws-error.ts";
import type { Requirement } from "./door-request.ts";
import type { Decision } from "./policy/decide.ts";

/**
 * The sentence AWS answers when a policy is missing, so that the missing action can be read off it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
export function accessDenied(
  service: string,
  account: string,
  roleName: string,
  requirement: Requirement,
  decision: Exclude<Decision, { kind: "allowed" }>,
): AwsError {
  const user = `arn:aws:sts::${account}:assumed-role/${roleName}/local`;
  const { action, resource } = requirement;
  const shownResource = service === "s3" ? `"${resource}"` : resource;
  const reason = reasonOf(action, decision.why);
  const message = `User: ${user} is not authorized to perform: ${action} on resource: ${shownResource} ${reason}`;
  return new AwsError(codeOf(service), message, statusOf(service));
}

function reasonOf(action: string, why: Exclude<Decision, { kind: "allowed" }>["why"]): string {
  if (why === "explicit-deny") return "with an explicit deny in an identity-based policy";
  if (why === "resource-deny") return "with an explicit deny in a resource-based policy";
  if (why === "no-boundary") return `because no permissions boundary allows the ${action} action`;
  return `because no identity-based policy allows the ${action} action`;
}

function codeOf(service: string): string {
  return service === "s3" || service === "sqs"
    ? "AccessDenied"
    : service === "sns"
      ? "AuthorizationError"
      : "AccessDeniedException";
}

function statusOf(service: string): number {
  const jsonServices = ["dynamodb", "kms", "secretsmanager", "events"];
  return jsonServices.includes(service) ? 400 : 403;
}
