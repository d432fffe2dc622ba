import * as z from "zod";
import { render } from "./render.ts";
import type { Template } from "./synth.ts";

const list = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const Statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(["Allow", "Deny"]),
  Principal: z.unknown().optional(),
  Action: list,
  Resource: list,
  Condition: z.record(z.string(), z.record(z.string(), list)).default({}),
});
const Document = z.object({ Statement: z.array(Statement) });

export type Statement = z.infer<typeof Statement>;

export interface Role {
  readonly stack: string;
  readonly id: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly statements: readonly Statement[];
}

/** Every role with everything that it may do. Fails on policies that stand elsewhere, which would go unseen. */
export function rolesOf(templates: ReadonlyMap<string, Template>): readonly Role[] {
  const roles: Role[] = [];
  for (const [stack, template] of templates) {
    for (const [id, resource] of Object.entries(template.Resources)) {
      if (/^AWS::IAM::(Policy|ManagedPolicy|RolePolicy|User|Group)$/.test(resource.Type)) {
        throw new Error(`${stack}: ${id} is a ${resource.Type}; policies belong into their role`);
      }
      if (resource.Type !== "AWS::IAM::Role") continue;
      if ("ManagedPolicyArns" in resource.Properties) throw new Error(`${stack}: ${id} has managed policies`);
      const policies = z.array(z.object({ PolicyDocument: z.unknown() })).parse(resource.Properties["Policies"] ?? []);
      const statements = policies.flatMap((policy) => statementsOf(template, policy.PolicyDocument));
      roles.push({ stack, id, properties: resource.Properties, statements });
    }
  }
  return roles;
}

export function statementsOf(template: Template, document: unknown): Statement[] {
  return Document.parse(render(template, document)).Statement;
}

/** As IAM matches ARNs and actions: `*` is any text, `?` one character. */
export function matches(pattern: string, text: string): boolean {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s").test(text);
}

/**
 * Whether a role may do this to that, with these condition keys. As IAM: conditions all hold or the statement is none;
 * a key that the request does not have fails, except under ForAllValues.
 */
export function may(
  role: Role,
  action: string,
  resource: string,
  context: Readonly<Record<string, string>> = {},
): boolean {
  return role.statements.some(
    (statement) =>
      statement.Effect === "Allow" &&
      statement.Action.some((pattern) => matches(pattern, action)) &&
      statement.Resource.some((pattern) => matches(pattern, resource)) &&
      Object.entries(statement.Condition).every(([operator, keys]) =>
        Object.entries(keys).every(([key, wanted]) => holds(operator, wanted, context[key])),
      ),
  );
}

function holds(operator: string, wanted: readonly string[], value: string | undefined): boolean {
  if (value === undefined) return operator.startsWith("ForAllValues:");
  if (operator.endsWith("StringLike")) return wanted.some((pattern) => matches(pattern, value));
  if (operator.endsWith("StringEquals")) return wanted.includes(value);
  throw new Error(`no such operator here: ${operator}`);
}
