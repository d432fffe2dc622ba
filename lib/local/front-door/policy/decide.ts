import type { PolicyStatement, PrincipalMatch, ResourcePolicyModel, RoleModel } from "../../types.ts";
import type { Requirement } from "../door-request.ts";
import { conditionsHold } from "./conditions.ts";
import { matchesWildcard } from "./wildcard.ts";

export type Decision =
  | { readonly kind: "allowed" }
  | { readonly kind: "denied"; readonly why: "no-identity-policy" | "explicit-deny" | "resource-deny" | "no-boundary" };

/**
 * Judges one action of one role on one resource, as IAM does within an account: an explicit deny anywhere wins; otherwise the
 * role's policies or the resource's must allow it, and a permissions boundary must allow what the role's policies allow.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
 */
export function decide(
  role: RoleModel,
  resourcePolicy: ResourcePolicyModel | undefined,
  requirement: Requirement,
): Decision {
  const applies = (statement: PolicyStatement) => statementApplies(statement, requirement);
  if (role.statements.some((statement) => statement.effect === "Deny" && applies(statement))) {
    return { kind: "denied", why: "explicit-deny" };
  }
  if (role.boundary?.some((statement) => statement.effect === "Deny" && applies(statement)) === true) {
    return { kind: "denied", why: "explicit-deny" };
  }
  const ofResource = (resourcePolicy?.statements ?? []).filter(
    (statement) => concerns(statement, role.arn) && applies(statement),
  );
  if (ofResource.some((statement) => statement.effect === "Deny")) return { kind: "denied", why: "resource-deny" };
  const identityAllows =
    role.statements.some((statement) => statement.effect === "Allow" && applies(statement)) &&
    leavesToIdentity(resourcePolicy, role.arn, requirement);
  const resourceAllows = ofResource.some(
    (statement) => statement.effect === "Allow" && namesRole(statement.principals, role.arn),
  );
  if (!identityAllows && !resourceAllows) return { kind: "denied", why: "no-identity-policy" };
  const bounded = role.boundary?.some((statement) => statement.effect === "Allow" && applies(statement)) ?? true;
  return bounded ? { kind: "allowed" } : { kind: "denied", why: "no-boundary" };
}

/**
 * A key is KMS's exception: role policies count only as far as the key's policy lets the account decide.
 * https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
 */
function leavesToIdentity(
  resourcePolicy: ResourcePolicyModel | undefined,
  roleArn: string,
  requirement: Requirement,
): boolean {
  if (resourcePolicy === undefined || !requirement.resource.startsWith("arn:aws:kms:")) return true;
  return resourcePolicy.statements.some(
    (statement) =>
      statement.effect === "Allow" && concerns(statement, roleArn) && statementApplies(statement, requirement),
  );
}

/** Whether action, resource and conditions of a statement fit the requirement; says nothing of its effect. */
export function statementApplies(statement: PolicyStatement, requirement: Requirement): boolean {
  const { action, resource, context } = requirement;
  const actionFits =
    statement.notActions.length > 0
      ? !statement.notActions.some((pattern) => matchesAction(pattern, action))
      : statement.actions.some((pattern) => matchesAction(pattern, action));
  if (!actionFits) return false;
  const resourceFits =
    statement.notResources.length > 0
      ? !statement.notResources.some((pattern) => matchesWildcard(pattern, resource))
      : statement.resources.some((pattern) => matchesWildcard(pattern, resource));
  return resourceFits && conditionsHold(statement.conditions, context);
}

function matchesAction(pattern: string, action: string): boolean {
  return matchesWildcard(pattern.toLowerCase(), action.toLowerCase());
}

type ResourceStatement = ResourcePolicyModel["statements"][number];

function concerns(statement: ResourceStatement, roleArn: string): boolean {
  if (statement.notPrincipals !== null) return !namesPrincipal(statement.notPrincipals, roleArn);
  return namesPrincipal(statement.principals, roleArn);
}

function namesPrincipal(principals: PrincipalMatch, roleArn: string): boolean {
  if (principals.kind === "everyone") return true;
  const account = roleArn.split(":")[4] ?? "";
  return principals.aws.some(
    (principal) => principal === roleArn || principal === account || isAccountRoot(principal, account),
  );
}

/** Naming the account leaves the decision to the account's own policies: only naming the role itself, or everyone, grants. */
function namesRole(principals: PrincipalMatch, roleArn: string): boolean {
  return principals.kind === "everyone" || principals.aws.includes(roleArn);
}

function isAccountRoot(principal: string, account: string): boolean {
  return principal.startsWith("arn:") && principal.endsWith(`:iam::${account}:root`);
}
