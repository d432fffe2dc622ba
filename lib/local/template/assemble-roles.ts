import type { PolicyStatement, RoleModel } from "../types.ts";
import type { ModelDraft, RoleDraft } from "./model-draft.ts";

/** AWS's own policies, with why nothing of them needs to be evaluated here. */
const awsManaged: Readonly<Record<string, string>> = {
  "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole": "logs need no permission here",
};

/**
 * Gathers what each role is allowed: its inline policies and those attached to it.
 * @throws {Error} naming the role when a policy is attached that no template defines
 */
export function assembleRoles(draft: ModelDraft): RoleModel[] {
  return draft.roles.map((role) => {
    const attached = draft.policies.filter(({ roleNames }) => roleNames.includes(role.name));
    const managed = draft.managedPolicies.filter(
      ({ arn, roleNames }) => role.managedPolicyArns.includes(arn) || roleNames.includes(role.name),
    );
    checkManaged(draft, role);
    const statements = [...role.statements, ...[...attached, ...managed].flatMap((policy) => policy.statements)];
    const boundary = boundaryOf(draft, role);
    return { arn: role.arn, statements, ...(boundary === null ? {} : { boundary }) };
  });
}

function checkManaged(draft: ModelDraft, role: RoleDraft): void {
  for (const arn of role.managedPolicyArns) {
    const isKnown = arn in awsManaged || draft.managedPolicies.some((policy) => policy.arn === arn);
    if (!isKnown) {
      throw new Error(
        `Role ${role.name}: the managed policy ${arn} is not in the templates, so what it allows cannot be judged. Grant what is needed in the role's own policies.`,
      );
    }
  }
}

/** A boundary that an account brings along is not in the templates: it can only be judged there. */
function boundaryOf(draft: ModelDraft, role: RoleDraft): readonly PolicyStatement[] | null {
  return draft.managedPolicies.find((policy) => policy.arn === role.boundaryArn)?.statements ?? null;
}

/**
 * Checks that a service may take the roles it is given, as a deployment would.
 * @throws {Error} naming the resource, the role and the service
 */
export function checkTrust(draft: ModelDraft): void {
  const check = (who: string, roleArn: string, service: string): void => {
    const role = draft.roles.find(({ arn }) => arn === roleArn);
    if (role === undefined) throw new Error(`${who}: no template defines its role ${roleArn}`);
    if (!role.trusted.includes(service))
      throw new Error(`${who}: its role ${role.name} cannot be assumed by ${service}`);
  };
  for (const item of draft.functions) check(`Function ${item.name}`, item.roleArn, "lambda.amazonaws.com");
  for (const item of draft.schedules) check(`Schedule ${item.name}`, item.roleArn, "scheduler.amazonaws.com");
}
