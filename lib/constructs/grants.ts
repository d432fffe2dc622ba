import { Stack } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { credentialKeyAliasFor, type TableName } from "../engine/names.ts";
import { indexArn, tableArn } from "./arns.ts";
import type { Stage } from "./stage.ts";

/** What a function may do. Roles have these and nothing else. */
export interface Grant {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** Why a resource holds a wildcard. */
  readonly wildcardReason?: string;
}

export function statementOf(grant: Grant): iam.PolicyStatement {
  return new iam.PolicyStatement({
    actions: [...grant.actions],
    resources: [...grant.resources],
    ...(grant.conditions && { conditions: grant.conditions }),
  });
}

export function allow(service: string, actions: readonly string[], resources: readonly string[]): Grant {
  return { actions: actions.map((action) => `${service}:${action}`), resources };
}

/** Objects under a prefix. */
export function allowObjects(
  actions: readonly ("GetObject" | "PutObject" | "DeleteObject")[],
  prefixes: readonly string[],
): Grant {
  return {
    ...allow("s3", actions, prefixes),
    wildcardReason: "Objects are named by the hash of their content, so the grant can name no more than their prefix.",
  };
}

/** Items of one partner only: their partition keys start with its name and `#`. */
export function allowItems(
  scope: Construct,
  stage: Stage,
  partner: string,
  table: TableName,
  actions: readonly string[],
): Grant {
  return heldToPartner(partner, allow("dynamodb", actions, [tableArn(scope, stage, table)]));
}

/** Queries of an index whose partition keys start with the partner's name and `#`. */
export function allowIndex(scope: Construct, stage: Stage, partner: string, table: TableName, index: string): Grant {
  return heldToPartner(partner, allow("dynamodb", ["Query"], [indexArn(scope, stage, table, index)]));
}

function heldToPartner(partner: string, grant: Grant): Grant {
  return { ...grant, conditions: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": [`${partner}#*`] } } };
}

/** Credentials sealed for these partners, and no others: KMS checks the encryption context. */
export function allowKey(
  scope: Construct,
  stage: Stage,
  partners: readonly string[],
  actions: readonly ("Decrypt" | "GenerateDataKey" | "ReEncryptFrom" | "ReEncryptTo")[],
): Grant {
  const forPartners = forPartnersOnly(partners);
  const given = stage.settings.kmsKeyArn;
  if (given !== undefined) return { ...allow("kms", actions, [given]), conditions: { StringEquals: forPartners } };
  const anyKey = Stack.of(scope).formatArn({ service: "kms", resource: "key", resourceName: "*" });
  return {
    ...allow("kms", actions, [anyKey]),
    conditions: {
      StringEquals: forPartners,
      "ForAnyValue:StringEquals": { "kms:ResourceAliases": [credentialKeyAliasFor(stage.name)] },
    },
    wildcardReason: "KMS makes up the key's id and no stack exports it; the condition on the alias leaves the one key.",
  };
}

/** The same of the keys that credentials were sealed under before; nothing is sealed under them any more. */
export function allowFormerKeys(
  stage: Stage,
  partners: readonly string[],
  actions: readonly ("Decrypt" | "ReEncryptFrom")[],
): Grant[] {
  const former = stage.settings.formerKmsKeyArns ?? [];
  if (former.length === 0) return [];
  return [{ ...allow("kms", actions, former), conditions: { StringEquals: forPartnersOnly(partners) } }];
}

function forPartnersOnly(partners: readonly string[]): Readonly<Record<string, readonly string[]>> {
  return { "kms:EncryptionContext:partner": partners };
}
