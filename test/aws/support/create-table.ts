import type { CreateTableCommandInput, Projection, ScalarAttributeType } from "@aws-sdk/client-dynamodb";
import type { TableShape } from "../../../lib/constructs/table.ts";

/** A table as the stack's own shapes say it. */
export function createTableInput(name: string, shape: TableShape): CreateTableCommandInput {
  const types = new Map<string, ScalarAttributeType>([[shape.partitionKey, "S"]]);
  const typeOf = (type: "string" | "number"): ScalarAttributeType => (type === "string" ? "S" : "N");
  if (shape.sortKey !== undefined) types.set(shape.sortKey.name, typeOf(shape.sortKey.type));
  for (const index of shape.indexes ?? []) {
    types.set(index.partitionKey, types.get(index.partitionKey) ?? "S");
    types.set(index.sortKey.name, typeOf(index.sortKey.type));
  }
  const indexes = (shape.indexes ?? []).map((index) => ({
    IndexName: index.name,
    KeySchema: keysOf(index.partitionKey, index.sortKey.name),
    Projection: projectionOf(index.include),
  }));
  return {
    TableName: name,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [...types].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    KeySchema: keysOf(shape.partitionKey, shape.sortKey?.name),
    ...(indexes.length > 0 ? { GlobalSecondaryIndexes: indexes } : {}),
  };
}

function keysOf(partitionKey: string, sortKey: string | undefined): NonNullable<CreateTableCommandInput["KeySchema"]> {
  const hash = { AttributeName: partitionKey, KeyType: "HASH" } as const;
  return sortKey === undefined ? [hash] : [hash, { AttributeName: sortKey, KeyType: "RANGE" }];
}

function projectionOf(include: readonly string[] | undefined): Projection {
  if (include === undefined) return { ProjectionType: "ALL" };
  if (include.length === 0) return { ProjectionType: "KEYS_ONLY" };
  return { ProjectionType: "INCLUDE", NonKeyAttributes: [...include] };
}
