import type { Server } from "node:http";
import { createRequire } from "node:module";
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import type { CreateTableCommandInput, KeySchemaElement, Projection } from "@aws-sdk/client-dynamodb";
import { tableShapes } from "../../../lib/constructs/table-shapes.ts";
import type { IndexShape, TableShape } from "../../../lib/constructs/table.ts";
import { tableNameFor, tableNames } from "../../../lib/engine/names.ts";

export interface TableServer {
  readonly endpoint: string;
  close(): Promise<void>;
}

/** DynamoDB's rules on one loopback address, in memory: what dynalite's own server offers, with the stack's tables in it. */
export async function openTableServer(
  stage: string,
  extraTables: Readonly<Record<string, TableShape>>,
): Promise<TableServer> {
  // A package without types, and CommonJS: its one export makes an HTTP server.
  const dynalite = createRequire(import.meta.url)("dynalite") as (options: object) => Server;
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("dynalite has no port");
  const endpoint = `http://127.0.0.1:${address.port}`;
  const client = new DynamoDBClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "bench", secretAccessKey: "bench" },
  });
  const ours = tableNames.map((name) => [tableNameFor(stage, name), tableShapes[name]] as const);
  for (const [name, shape] of [...ours, ...Object.entries(extraTables)]) {
    await client.send(new CreateTableCommand(createInput(name, shape)));
    await waitUntilTableExists({ client, minDelay: 0.01, maxDelay: 0.1, maxWaitTime: 10 }, { TableName: name });
  }
  client.destroy();
  return {
    endpoint,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function createInput(name: string, shape: TableShape): CreateTableCommandInput {
  const indexes = shape.indexes ?? [];
  const keys = [{ name: shape.partitionKey, type: "string" }, shape.sortKey, ...indexes.flatMap(indexKeys)];
  const types = new Map(
    keys.flatMap((key) => (key === undefined ? [] : [[key.name, key.type === "number" ? "N" : "S"] as const])),
  );
  return {
    TableName: name,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [...types].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    KeySchema: keySchema(shape.partitionKey, shape.sortKey?.name),
    ...(indexes.length > 0 && {
      GlobalSecondaryIndexes: indexes.map((index) => ({
        IndexName: index.name,
        KeySchema: keySchema(index.partitionKey, index.sortKey.name),
        Projection: projectionOf(index),
      })),
    }),
  };
}

function indexKeys(index: IndexShape): readonly { name: string; type: string }[] {
  return [{ name: index.partitionKey, type: "string" }, index.sortKey];
}

function keySchema(partitionKey: string, sortKey: string | undefined): KeySchemaElement[] {
  const hash = { AttributeName: partitionKey, KeyType: "HASH" } as const;
  return sortKey === undefined ? [hash] : [hash, { AttributeName: sortKey, KeyType: "RANGE" }];
}

function projectionOf(index: IndexShape): Projection {
  if (index.include === undefined) return { ProjectionType: "ALL" };
  if (index.include.length === 0) return { ProjectionType: "KEYS_ONLY" };
  return { ProjectionType: "INCLUDE", NonKeyAttributes: [...index.include] };
}
