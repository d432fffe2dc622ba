import { Stack } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { credentialKeyAliasFor, type TableName } from "../engine/names.ts";
import { indexArn, tableArn } from "./arns.ts";
import type { Stage } from "./stage.ts";

type KeyAction = "Decrypt" | "GenerateDataKey";

export function allow(service: string, actions: readonly string[], resources: readonly string[]): iam.PolicyStatement {
  return new iam.PolicyStatement({
    actions: actions.map((action) => `${service}:${action}`),
    resources: [...resources],
  });
}

/** Items of one partner only: their partition keys start with its name and `#`. */
export function allowPartnerItems(
  scope: Construct,
  stage: Stage,
  partner: string,
  table: TableName,
  actions: readonly string[],
): iam.PolicyStatement {
  return heldToPartner(partner, allow("dynamodb", actions, [tableArn(scope, stage, table)]));
}

/** Queries of an index whose partition key starts with the partner's name and `#`. */
export function allowPartnerIndex(
  scope: Construct,
  stage: Stage,
  partner: string,
  table: TableName,
  index: string,
): iam.PolicyStatement {
  return heldToPartner(partner, allow("dynamodb", ["Query"], [indexArn(scope, stage, table, index)]));
}

function heldToPartner(partner: string, statement: iam.PolicyStatement): iam.PolicyStatement {
  statement.addCondition("ForAllValues:StringLike", { "dynamodb:LeadingKeys": [`${partner}#*`] });
  return statement;
}

/** Credentials sealed for these partners, and no others: KMS checks the encryption context. */
export function allowKey(
  scope: Construct,
  stage: Stage,
  partners: readonly string[],
  actions: readonly KeyAction[],
): iam.PolicyStatement {
  const statement = allow("kms", actions, [stage.settings.kmsKeyArn ?? anyKeyArn(scope)]);
  statement.addCondition("StringEquals", { "kms:EncryptionContext:partner": [...partners] });
  if (stage.settings.kmsKeyArn === undefined) {
    // The key's id is KMS's choice and no stack exports it; its alias says which one is meant.
    statement.addCondition("ForAnyValue:StringEquals", { "kms:ResourceAliases": [credentialKeyAliasFor(stage.name)] });
  }
  return statement;
}

function anyKeyArn(scope: Construct): string {
  return Stack.of(scope).formatArn({ service: "kms", resource: "key", resourceName: "*" });
}
