import type { Construct } from "constructs";
import { eventBusNameFor } from "../engine/names.ts";
import type { TableName } from "../engine/names.ts";
import {
  apiSecretArn,
  claimCheckArn,
  claimCheckBucketArn,
  emergencyFunctionArn,
  eventBusArn,
  indexArn,
  laneArn,
  partnerSecretArn,
  tableArn,
} from "./arns.ts";
import { allow, allowFormerKeys, allowKey, allowObjects, type Grant } from "./grants.ts";
import type { Stage } from "./stage.ts";

const everyPartner = {
  wildcardReason: "The API serves every partner of the stage, and the ARNs of forty do not fit into a role's policies.",
};

/** The API serves the whole stage; it seals credentials but cannot open them, and never calls a partner. */
export function consoleGrants(scope: Construct, stage: Stage): Grant[] {
  const items = (table: TableName, actions: readonly string[]) =>
    allow("dynamodb", actions, [tableArn(scope, stage, table)]);
  const indexes = (table: TableName, names: readonly string[]) =>
    allow(
      "dynamodb",
      ["Query"],
      names.map((name) => indexArn(scope, stage, table, name)),
    );
  const claims = (["bodies", "records"] as const).map((kind) => claimCheckArn(scope, stage, kind, "*"));
  const lanes = (["webhooks", "imports"] as const).map((lane) => laneArn(scope, stage, "*", lane));
  const secrets = [apiSecretArn(scope, stage), partnerSecretArn(scope, stage, "*")];
  const partners = stage.partners.map((driver) => driver.name);
  return [
    items("connections", ["GetItem", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "Query"]),
    indexes("connections", ["tenant", "all", "due"]),
    items("records", ["GetItem", "BatchGetItem", "BatchWriteItem", "Query"]),
    indexes("records", ["digests"]),
    items("runs", ["GetItem", "BatchGetItem", "PutItem", "UpdateItem", "Query", "BatchWriteItem"]),
    indexes("runs", ["started", "active"]),
    // Repairing a history puts its last state there and tells of it.
    items("history", ["Query", "PutItem", "BatchWriteItem"]),
    // What no key leads to: that nothing is left of what was erased, and the API's own answers, whose keys are hashes.
    items("history", ["Scan"]),
    items("idempotency", ["Scan", "BatchWriteItem"]),
    allow("events", ["PutEvents"], [eventBusArn(scope, eventBusNameFor(stage.name))]),
    items("token-buckets", ["GetItem", "DeleteItem"]),
    items("failures", ["GetItem", "BatchGetItem", "UpdateItem", "Query", "BatchWriteItem"]),
    indexes("failures", ["group", "connection"]),
    items("idempotency", ["GetItem", "PutItem", "UpdateItem", "DeleteItem"]),
    items("audit", ["PutItem", "Query"]),
    { ...allow("sqs", ["SendMessage", "GetQueueAttributes"], lanes), ...everyPartner },
    { ...allow("lambda", ["InvokeFunction"], [emergencyFunctionArn(scope, stage, "*")]), ...everyPartner },
    { ...allow("secretsmanager", ["GetSecretValue"], secrets), ...everyPartner },
    { ...allowObjects(["GetObject", "DeleteObject"], claims), ...everyPartner },
    allow("s3", ["ListBucket"], [claimCheckBucketArn(scope, stage)]),
    // KMS takes no condition without a value, so a stage without partners goes without the grant.
    ...(partners.length === 0 ? [] : sealGrants(scope, stage, partners)),
  ];
}

/** Seals, and has KMS move what is sealed from key to key without showing it; opens nothing. */
function sealGrants(scope: Construct, stage: Stage, partners: readonly string[]): Grant[] {
  return [
    allowKey(scope, stage, partners, ["GenerateDataKey", "ReEncryptFrom", "ReEncryptTo"]),
    ...allowFormerKeys(stage, partners, ["ReEncryptFrom"]),
  ];
}
