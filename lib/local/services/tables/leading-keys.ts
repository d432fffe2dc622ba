import { isRecord, textOf } from "../../front-door/json-target.ts";
import type { TableInfo } from "./table-catalog.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * The partition key values a request touches in one table: what `dynamodb:LeadingKeys` compares. Empty where DynamoDB has
 * none either (Scan), which is why ForAllValues alone does not stop a Scan.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 */
export function leadingKeysOf(table: TableInfo, operation: string, input: Json): string[] {
  if (operation === "Query") return queryKeys(table, input);
  if (operation === "PutItem") return valuesAt(table, [input["Item"]]);
  if (operation === "BatchGetItem") return valuesAt(table, keysToGet(input, table.name));
  if (operation === "BatchWriteItem") return valuesAt(table, itemsToWrite(input, table.name));
  return valuesAt(table, [input["Key"]]);
}

function valuesAt(table: TableInfo, items: readonly unknown[]): string[] {
  return items.flatMap((item) => (isRecord(item) ? scalarOf(item[table.partitionKey]) : []));
}

function keysToGet(input: Json, tableName: string): readonly unknown[] {
  const request = isRecord(input["RequestItems"]) ? input["RequestItems"][tableName] : undefined;
  return isRecord(request) && Array.isArray(request["Keys"]) ? request["Keys"] : [];
}

function itemsToWrite(input: Json, tableName: string): readonly unknown[] {
  const requests = isRecord(input["RequestItems"]) ? input["RequestItems"][tableName] : undefined;
  if (!Array.isArray(requests)) return [];
  return requests.map((request: unknown) => {
    if (!isRecord(request)) return undefined;
    if (isRecord(request["PutRequest"])) return request["PutRequest"]["Item"];
    return isRecord(request["DeleteRequest"]) ? request["DeleteRequest"]["Key"] : undefined;
  });
}

function queryKeys(table: TableInfo, input: Json): string[] {
  const indexName = input["IndexName"];
  const attribute =
    indexName === undefined ? table.partitionKey : (table.indexPartitionKeys[textOf(indexName)] ?? table.partitionKey);
  const legacy = isRecord(input["KeyConditions"]) ? input["KeyConditions"][attribute] : undefined;
  if (isRecord(legacy) && Array.isArray(legacy["AttributeValueList"])) {
    return legacy["AttributeValueList"].flatMap(scalarOf);
  }
  return expressionKeys(attribute, input);
}

/** A key condition is `name = :value`, joined by AND to at most one condition on the sort key. */
function expressionKeys(attribute: string, input: Json): string[] {
  const names = isRecord(input["ExpressionAttributeNames"]) ? input["ExpressionAttributeNames"] : {};
  const values = isRecord(input["ExpressionAttributeValues"]) ? input["ExpressionAttributeValues"] : {};
  const expression = textOf(input["KeyConditionExpression"]);
  const equalities = [
    ...expression.matchAll(/(#?[\w.-]+)\s*=\s*(:\w+)/g),
    ...[...expression.matchAll(/(:\w+)\s*=\s*(#?[\w.-]+)/g)].map(([all, value, name]) => [all, name, value] as const),
  ];
  return equalities
    .filter(([, name = ""]) => (name.startsWith("#") ? names[name] : name) === attribute)
    .flatMap(([, , value = ""]) => scalarOf(values[value]));
}

/** Keys are strings, numbers or binary (base64 on the wire). */
function scalarOf(value: unknown): string[] {
  if (!isRecord(value)) return [];
  const scalar = value["S"] ?? value["N"] ?? value["B"];
  return typeof scalar === "string" ? [scalar] : [];
}
