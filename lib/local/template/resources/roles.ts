import * as z from "zod";
import type { PolicyStatement } from "../../types.ts";
import { generatedName } from "../physical-name.ts";
import { identityStatements, policyDocument, trustedServices } from "../policy-document.ts";
import { ignored, tags } from "../properties.ts";
import { named, resourceType } from "../resource-type.ts";

const inlinePolicies = z.array(z.strictObject({ PolicyName: z.string(), PolicyDocument: policyDocument }));

export const role = resourceType({
  type: "AWS::IAM::Role",
  schema: z.strictObject({
    RoleName: z.string().optional(),
    Path: z.string().optional(),
    AssumeRolePolicyDocument: policyDocument,
    Policies: inlinePolicies.optional(),
    ManagedPolicyArns: z.array(z.string()).optional(),
    PermissionsBoundary: z.string().optional(),
    Description: ignored("nobody reads it here"),
    MaxSessionDuration: ignored("local credentials do not expire"),
    Tags: tags,
  }),
  identify: ({ stack, logicalId, account, property }) => {
    const name = property("RoleName") ?? generatedName(stack, logicalId, 64);
    const arn = `arn:aws:iam::${account}:role${property("Path") ?? "/"}${name}`;
    return { name, ref: name, attributes: { Arn: arn, RoleId: `AROALOCAL${name}` } };
  },
  add(draft, { identity, properties }) {
    draft.roles.push({
      name: identity.name,
      arn: identity.attributes["Arn"] ?? "",
      trusted: trustedServices(properties.AssumeRolePolicyDocument),
      statements: statementsOf(properties.Policies ?? []),
      managedPolicyArns: properties.ManagedPolicyArns ?? [],
      boundaryArn: properties.PermissionsBoundary ?? null,
    });
  },
});

export const policy = resourceType({
  type: "AWS::IAM::Policy",
  schema: z.strictObject({
    PolicyName: z.string(),
    PolicyDocument: policyDocument,
    Roles: z.array(z.string()).min(1),
  }),
  identify: ({ stack, logicalId, property }) => named(property("PolicyName") ?? generatedName(stack, logicalId, 128)),
  add(draft, { properties }) {
    draft.policies.push({ roleNames: properties.Roles, statements: identityStatements(properties.PolicyDocument) });
  },
});

export const managedPolicy = resourceType({
  type: "AWS::IAM::ManagedPolicy",
  schema: z.strictObject({
    ManagedPolicyName: z.string().optional(),
    Path: z.string().optional(),
    Description: ignored("nobody reads it here"),
    PolicyDocument: policyDocument,
    Roles: z.array(z.string()).optional(),
  }),
  identify: ({ stack, logicalId, account, property }) => {
    const name = property("ManagedPolicyName") ?? generatedName(stack, logicalId, 128);
    const arn = `arn:aws:iam::${account}:policy${property("Path") ?? "/"}${name}`;
    return { name, ref: arn, attributes: { PolicyArn: arn } };
  },
  add(draft, { identity, properties }) {
    const statements = identityStatements(properties.PolicyDocument);
    draft.managedPolicies.push({ arn: identity.ref, roleNames: properties.Roles ?? [], statements });
  },
});

function statementsOf(policies: z.infer<typeof inlinePolicies>): PolicyStatement[] {
  return policies.flatMap(({ PolicyDocument: document }) => identityStatements(document));
}
