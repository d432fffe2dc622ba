import { AwsError } from "../../front-door/aws-error.ts";
import { isRecord } from "../../front-door/json-target.ts";
import type { TableModel } from "../../types.ts";
import { canonicalJson } from "../tables/item-key.ts";
import type { WriterParts } from "../tables/item-writer.ts";
import { tableInfoOf } from "../tables/table-catalog.ts";
import { createTable, tableExists } from "../tables/table-service.ts";

/** Makes the tables that are missing; those that are there keep their items and get the template's stream and time to live. */
export async function provisionTables(parts: WriterParts, tables: readonly TableModel[]): Promise<void> {
  for (const table of tables) {
    if (await tableExists(parts, table.name)) await checkShape(parts, table);
    else await createTable(parts, table.createInput, table.streamArn ?? "");
    const info = tableInfoOf(table.createInput, table.streamArn, table.timeToLiveAttribute);
    parts.catalog.put(info);
    await untilActive(parts, table.name);
  }
}

/** Keys and indexes cannot be changed under the items: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html */
async function checkShape(parts: WriterParts, table: TableModel): Promise<void> {
  const { Table: described } = await parts.dynalite.call("DescribeTable", { TableName: table.name });
  const current = isRecord(described) ? shapeOf(described) : "";
  if (current === shapeOf(table.createInput)) return;
  throw new Error(
    `The table ${table.name} in the data folder has other keys or indexes than the template. Start with fresh state, or choose another data folder.`,
  );
}

function shapeOf(table: Readonly<Record<string, unknown>>): string {
  const indexesIn = (member: string): unknown[] => {
    const indexes = table[member];
    if (!Array.isArray(indexes)) return [];
    return indexes
      .filter(isRecord)
      .map((index) => [index["IndexName"], index["KeySchema"], projectionOf(index["Projection"])])
      .toSorted((left, right) => (String(left[0]) < String(right[0]) ? -1 : 1));
  };
  const keys = sortedBy(table["KeySchema"], "AttributeName");
  const attributes = sortedBy(table["AttributeDefinitions"], "AttributeName");
  return canonicalJson([keys, attributes, indexesIn("GlobalSecondaryIndexes"), indexesIn("LocalSecondaryIndexes")]);
}

function projectionOf(projection: unknown): unknown {
  if (!isRecord(projection) || !Array.isArray(projection["NonKeyAttributes"])) return projection;
  return { ...projection, NonKeyAttributes: projection["NonKeyAttributes"].map(String).toSorted() };
}

function sortedBy(list: unknown, member: string): unknown[] {
  if (!Array.isArray(list)) return [];
  return list.filter(isRecord).toSorted((left, right) => (String(left[member]) < String(right[member]) ? -1 : 1));
}

const looksMax = 1_000;

/** A table becomes active within a tick or two of its creation. */
async function untilActive(parts: WriterParts, tableName: string): Promise<void> {
  for (let look = 0; look < looksMax; look++) {
    const { Table: described } = await parts.dynalite.call("DescribeTable", { TableName: tableName });
    if (isRecord(described) && described["TableStatus"] === "ACTIVE") return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new AwsError("InternalFailure", `The table ${tableName} did not become active.`, 500);
}
