import { Stack, Validations } from "aws-cdk-lib";
import type { Construct, IConstruct } from "constructs";
import * as z from "zod";
import type { Grant } from "./grants.ts";

/** Rules of cdk-nag that do not fit here, each with why. The rule stays on for everything else. */
export function acknowledge(construct: IConstruct, reasons: Readonly<Record<string, string>>): void {
  for (const [id, reason] of Object.entries(reasons)) {
    Validations.of(construct).acknowledge({ id, reason });
  }
}

/** Wildcards in a role, each by itself and with the reason that its grant gives; one without a reason stays a finding. */
export function acknowledgeWildcards(role: Construct, grants: readonly Grant[]): void {
  for (const { resources, wildcardReason } of grants) {
    if (wildcardReason === undefined) continue;
    for (const resource of resources.map((arn) => flat(role, arn)).filter((arn) => arn.includes("*"))) {
      acknowledge(role, { [`AwsSolutions-IAM5[Resource::${resource}]`]: wildcardReason });
    }
  }
}

const Joined = z.object({
  "Fn::Join": z.tuple([z.literal(""), z.array(z.union([z.string(), z.object({ Ref: z.string() })]))]),
});

/** As cdk-nag writes an ARN: `arn:<AWS::Partition>:s3:::…`. */
function flat(scope: Construct, arn: string): string {
  const resolved: unknown = Stack.of(scope).resolve(arn);
  if (typeof resolved === "string") return resolved;
  const [, parts] = Joined.parse(resolved)["Fn::Join"];
  return parts.map((part) => (typeof part === "string" ? part : `<${part.Ref}>`)).join("");
}
