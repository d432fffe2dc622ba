import { ArnFormat, Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import {
  apiSecretNameFor,
  claimCheckBucketNameFor,
  credentialKeyAliasFor,
  deadLetterQueueNameFor,
  emergencyFunctionNameFor,
  laneQueueNameFor,
  partnerSecretNameFor,
  prefixFor,
  tableNameFor,
  type TableName,
} from "../engine/names.ts";
import type { Lane } from "../engine/job.ts";
import type { Stage } from "./stage.ts";

/*
 * ARNs by physical name. A reference from stack to stack would be an export, and an export that is in use cannot be
 * removed: adding or removing a partner would get stuck on it.
 */

export function tableArn(scope: Construct, stage: Stage, table: TableName): string {
  return Stack.of(scope).formatArn({
    service: "dynamodb",
    resource: "table",
    resourceName: tableNameFor(stage.name, table),
  });
}

export function indexArn(scope: Construct, stage: Stage, table: TableName, index: string): string {
  return `${tableArn(scope, stage, table)}/index/${index}`;
}

export function laneArn(scope: Construct, stage: Stage, partner: string, lane: Lane): string {
  return Stack.of(scope).formatArn({ service: "sqs", resource: laneQueueNameFor(stage.name, partner, lane) });
}

export function mappingArn(scope: Construct, id: string): string {
  return Stack.of(scope).formatArn({
    service: "lambda",
    resource: "event-source-mapping",
    resourceName: id,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}

export function deadLetterQueueArn(scope: Construct, stage: Stage, partner: string): string {
  return Stack.of(scope).formatArn({ service: "sqs", resource: deadLetterQueueNameFor(stage.name, partner) });
}

export function emergencyFunctionArn(scope: Construct, stage: Stage, partner: string): string {
  return Stack.of(scope).formatArn({
    service: "lambda",
    resource: "function",
    resourceName: emergencyFunctionNameFor(stage.name, partner),
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}

export function eventBusArn(scope: Construct, name: string): string {
  return Stack.of(scope).formatArn({ service: "events", resource: "event-bus", resourceName: name });
}

/** Secrets Manager ends every ARN in a dash and six characters of its own choice. */
export function partnerSecretArn(scope: Construct, stage: Stage, partner: string): string {
  return secretArn(scope, partnerSecretNameFor(stage.name, partner));
}

export function apiSecretArn(scope: Construct, stage: Stage): string {
  return secretArn(scope, apiSecretNameFor(stage.name));
}

function secretArn(scope: Construct, name: string): string {
  return Stack.of(scope).formatArn({
    service: "secretsmanager",
    resource: "secret",
    resourceName: `${name}-??????`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}

/** One partner's objects: what came and failed is under `bodies`, what is too large for the records table under `records`. */
export function claimCheckArn(scope: Construct, stage: Stage, kind: "bodies" | "records", partner: string): string {
  return `${claimCheckBucketArn(scope, stage)}/${kind}/${partner}/*`;
}

export function claimCheckBucketArn(scope: Construct, stage: Stage): string {
  const stack = Stack.of(scope);
  const bucket = claimCheckBucketNameFor(stage.name, stack.account, stack.region);
  return stack.formatArn({ service: "s3", region: "", account: "", resource: bucket });
}

export function alarmTopicArn(scope: Construct, stage: Stage): string {
  return Stack.of(scope).formatArn({ service: "sns", resource: alarmTopicNameFor(stage.name) });
}

export function alarmTopicNameFor(stage: string): string {
  return `${prefixFor(stage)}-alarms`;
}

/** What functions hand to KMS: the given key, or the alias of the stage's own. */
export function keyIdOf(scope: Construct, stage: Stage): string {
  return (
    stage.settings.kmsKeyArn ??
    Stack.of(scope).formatArn({ service: "kms", resource: credentialKeyAliasFor(stage.name) })
  );
}
