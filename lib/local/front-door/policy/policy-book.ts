import type { ResourcePolicyModel, RoleModel, StackModel } from "../../types.ts";
import type { Requirement } from "../door-request.ts";
import { type Decision, decide, statementApplies } from "./decide.ts";
import { parseOperator } from "./conditions.ts";

/** Every role's policies, ready to judge. */
export interface PolicyBook {
  /** A role that no template defines is allowed nothing. */
  judge(roleArn: string, requirement: Requirement): Decision;
  /** Whether a resource's own policy lets an AWS service (`events.amazonaws.com`) do it. */
  letsService(service: string, requirement: Requirement): boolean;
}

/**
 * @throws {Error} naming role and operator when a policy uses a condition operator that is not evaluated: it would otherwise
 * deny or pass for no visible reason.
 */
export function createPolicyBook(model: StackModel): PolicyBook {
  const roles = new Map<string, RoleModel>(model.roles.map((role) => [role.arn, role]));
  const resources = new Map<string, ResourcePolicyModel>();
  for (const policy of model.resourcePolicies ?? []) {
    const existing = resources.get(policy.resourceArn);
    const statements = [...(existing?.statements ?? []), ...policy.statements];
    resources.set(policy.resourceArn, { resourceArn: policy.resourceArn, statements });
  }
  for (const role of roles.values()) checkOperators(role.arn, [...role.statements, ...(role.boundary ?? [])]);
  for (const policy of resources.values()) checkOperators(policy.resourceArn, policy.statements);
  return {
    judge(roleArn, requirement) {
      const role = roles.get(roleArn) ?? { arn: roleArn, statements: [] };
      const context = { ...globalContext(roleArn, model), ...requirement.context };
      return decide(role, resources.get(policyHolder(requirement.resource)), { ...requirement, context });
    },
    letsService(service, requirement) {
      const context = { "aws:securetransport": ["true"], "aws:sourceaccount": [model.account], ...requirement.context };
      const statements = resources.get(policyHolder(requirement.resource))?.statements ?? [];
      const applying = statements.filter(
        (statement) =>
          (statement.principals.kind === "everyone" || statement.principals.services.includes(service)) &&
          statementApplies(statement, { ...requirement, context }),
      );
      return applying.length > 0 && applying.every((statement) => statement.effect === "Allow");
    },
  };
}

/** Objects are governed by their bucket's policy. */
function policyHolder(resource: string): string {
  return resource.startsWith("arn:aws:s3:::") ? (resource.split("/")[0] ?? resource) : resource;
}

/** Keys every request has. Nothing leaves the machine, so transport counts as secure: a policy that insists on TLS must not break the laptop. */
function globalContext(roleArn: string, model: StackModel): Readonly<Record<string, readonly string[]>> {
  return {
    "aws:securetransport": ["true"],
    "aws:principalarn": [roleArn],
    "aws:principalaccount": [model.account],
    "aws:resourceaccount": [model.account],
    "aws:requestedregion": [model.region],
    "aws:principalisawsservice": ["false"],
  };
}

function checkOperators(holder: string, statements: RoleModel["statements"]): void {
  for (const statement of statements) {
    for (const operator of Object.keys(statement.conditions)) {
      try {
        parseOperator(operator);
      } catch (error) {
        throw new Error(`Policy of ${holder}: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        });
      }
    }
  }
}
