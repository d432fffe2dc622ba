import * as z from "zod";
import type { PolicyStatement, PrincipalMatch, ResourcePolicyModel } from "../types.ts";

const oneOrMany = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (Array.isArray(value) ? value : [value]));
const conditionValue = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const conditionValues = z
  .union([conditionValue, z.array(conditionValue)])
  .transform((value) => (Array.isArray(value) ? value : [value]));
const principal = z.union([
  z.literal("*"),
  z.strictObject({ AWS: oneOrMany.optional(), Service: oneOrMany.optional(), Federated: oneOrMany.optional() }),
]);

const statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(["Allow", "Deny"]),
  Action: oneOrMany.optional(),
  NotAction: oneOrMany.optional(),
  Resource: oneOrMany.optional(),
  NotResource: oneOrMany.optional(),
  Principal: principal.optional(),
  NotPrincipal: principal.optional(),
  Condition: z.record(z.string(), z.record(z.string(), conditionValues)).optional(),
});
type Statement = z.infer<typeof statement>;

/** An IAM policy document. */
export const policyDocument = z.strictObject({
  Version: z.string().optional(),
  Id: z.string().optional(),
  Statement: z.union([statement, z.array(statement)]).transform((value) => (Array.isArray(value) ? value : [value])),
});
export type PolicyDocument = z.infer<typeof policyDocument>;

/** Statements of a policy on a role. */
export function identityStatements(document: PolicyDocument): PolicyStatement[] {
  return document.Statement.map((item) => {
    if (item.Principal !== undefined || item.NotPrincipal !== undefined) {
      throw new Error("a policy on a role must not name principals");
    }
    return plainStatement(item);
  });
}

/** Statements of a policy on a resource. */
export function resourceStatements(document: PolicyDocument): ResourcePolicyModel["statements"] {
  return document.Statement.map((item) => {
    if (item.Principal === undefined && item.NotPrincipal === undefined) {
      throw new Error("a policy on a resource must name its principals");
    }
    const notPrincipals = item.NotPrincipal === undefined ? null : principalsOf(item.NotPrincipal);
    const principals = item.Principal === undefined ? ({ kind: "everyone" } as const) : principalsOf(item.Principal);
    return { ...plainStatement(item), principals, notPrincipals };
  });
}

/** Services that a trust policy lets take the role. */
export function trustedServices(document: PolicyDocument): string[] {
  return document.Statement.filter((item) => item.Effect === "Allow").flatMap((item) =>
    item.Principal === undefined || item.Principal === "*" ? [] : (item.Principal.Service ?? []),
  );
}

function plainStatement(item: Statement): PolicyStatement {
  return {
    effect: item.Effect,
    actions: item.Action ?? [],
    notActions: item.NotAction ?? [],
    resources: item.Resource ?? [],
    notResources: item.NotResource ?? [],
    conditions: item.Condition ?? {},
  };
}

function principalsOf(value: z.infer<typeof principal>): PrincipalMatch {
  if (value === "*") return { kind: "everyone" };
  if (value.AWS?.includes("*") === true) return { kind: "everyone" };
  return { kind: "named", aws: value.AWS ?? [], services: value.Service ?? [] };
}
