import { AwsError } from "../../front-door/aws-error.ts";
import type { Requirement, ServiceCall } from "../../front-door/door-request.ts";
import { isRecord, unknownOperation } from "../../front-door/json-target.ts";
import { keyArnOf } from "../key-arn.ts";
import { leadingKeysOf } from "./leading-keys.ts";
import type { TableCatalog } from "./table-catalog.ts";

/** Where a table's ARN comes from. */
export interface Place {
  readonly account: string;
  readonly region: string;
}

const onItems = ["GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan"];
const onBatches = ["BatchGetItem", "BatchWriteItem"];
const onTables = [
  "CreateTable",
  "DeleteTable",
  "DescribeTable",
  "DescribeTimeToLive",
  "UpdateTable",
  "UpdateTimeToLive",
];

/** What a DynamoDB call needs: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html */
export function tableRequirements(call: ServiceCall, catalog: TableCatalog, place: Place): Requirement[] {
  const { operation, input } = call;
  const action = `dynamodb:${operation}`;
  if (operation === "ListTables") return [{ action, resource: tableArn(place, "*"), context: {} }];
  if (onTables.includes(operation)) {
    return [{ action, resource: tableArn(place, String(input["TableName"])), context: {} }];
  }
  if (onItems.includes(operation)) return itemRequirements(call, String(input["TableName"]), catalog, place);
  if (onBatches.includes(operation)) {
    const tableNames = isRecord(input["RequestItems"]) ? Object.keys(input["RequestItems"]) : [];
    return tableNames.flatMap((tableName) => itemRequirements(call, tableName, catalog, place));
  }
  throw unknownOperation(`DynamoDB ${operation}`);
}

function itemRequirements(call: ServiceCall, named: string, catalog: TableCatalog, place: Place): Requirement[] {
  const { operation, input } = call;
  const tableName = named.startsWith("arn:") ? named.slice(named.indexOf("/") + 1) : named;
  const table = catalog.get(tableName);
  const leadingKeys = table === null || operation === "Scan" ? [] : leadingKeysOf(table, operation, input);
  if (table !== null && operation === "Query" && leadingKeys.length === 0) {
    throw new AwsError("ValidationException", `Query condition missed key schema element: ${table.partitionKey}`);
  }
  const kmsKeyId = table?.kmsKeyId ?? null;
  const indexName = input["IndexName"];
  const suffix = typeof indexName === "string" ? `/index/${indexName}` : "";
  const context: Record<string, readonly string[]> = {
    ...(leadingKeys.length === 0 ? {} : { "dynamodb:leadingkeys": leadingKeys }),
    ...(typeof input["Select"] === "string" ? { "dynamodb:select": [input["Select"]] } : {}),
    ...(typeof input["ReturnValues"] === "string" ? { "dynamodb:returnvalues": [input["ReturnValues"]] } : {}),
  };
  const requirement = { action: `dynamodb:${operation}`, resource: `${tableArn(place, tableName)}${suffix}`, context };
  return kmsKeyId === null ? [requirement] : [requirement, keyRequirement(kmsKeyId, tableName, place)];
}

/** DynamoDB opens the table's key in the caller's name. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html */
function keyRequirement(kmsKeyId: string, tableName: string, place: Place): Requirement {
  return {
    action: "kms:Decrypt",
    resource: keyArnOf(kmsKeyId, place.account, place.region),
    context: {
      "kms:viaservice": [`dynamodb.${place.region}.amazonaws.com`],
      "kms:calleraccount": [place.account],
      "kms:encryptioncontext:aws:dynamodb:tablename": [tableName],
      "kms:encryptioncontext:aws:dynamodb:subscriberid": [place.account],
    },
  };
}

function tableArn(place: Place, tableName: string): string {
  return `arn:aws:dynamodb:${place.region}:${place.account}:table/${tableName}`;
}
