import { AwsError } from "../../front-door/aws-error.ts";
import { isRecord, textOf } from "../../front-door/json-target.ts";
import type { TableModel } from "../../types.ts";
import { sameImage } from "../tables/item-key.ts";
import type { WriterParts } from "../tables/item-writer.ts";
import { tableInfoOf } from "../tables/table-catalog.ts";
import { createTable, tableExists } from "../tables/table-service.ts";

type Json = Readonly<Record<string, unknown>>;

/** Makes the tables that are missing; those that are there keep their items and get what else the template says. */
export async function provisionTables(parts: WriterParts, tables: readonly TableModel[]): Promise<void> {
  for (const table of tables) {
    if (await tableExists(parts, table.name)) await adapt(parts, table);
    else await create(parts, table);
    const info = tableInfoOf(table.createInput, table.streamArn, table.timeToLiveAttribute);
    parts.catalog.put(info);
    await untilActive(parts, table.name);
  }
}

async function create(parts: WriterParts, table: TableModel): Promise<void> {
  try {
    await createTable(parts, table.createInput, table.streamArn ?? "");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`The table ${table.name} cannot be made: ${why}`, { cause: error });
  }
}

/**
 * A table that is there gets the template's global indexes, made from its items. Its keys and local indexes stay for its
 * life, as they do on AWS: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
 */
async function adapt(parts: WriterParts, table: TableModel): Promise<void> {
  const { Table: described } = await parts.dynalite.call("DescribeTable", { TableName: table.name });
  const current = isRecord(described) ? described : {};
  if (!sameImage(lastingShape(current), lastingShape(table.createInput))) {
    throw new Error(
      `The table ${table.name} in the data folder has other keys or local indexes than the template. Start with fresh state, or choose another data folder.`,
    );
  }
  const indexesOf = (input: Json): unknown => indexShapes(input["GlobalSecondaryIndexes"]);
  if (!sameImage(indexesOf(current), indexesOf(table.createInput))) {
    await parts.dynalite.replaceGlobalIndexes(table.name, table.createInput);
  }
}

function lastingShape(table: Json): unknown {
  const keys = Array.isArray(table["KeySchema"]) ? table["KeySchema"].filter(isRecord) : [];
  const types = Array.isArray(table["AttributeDefinitions"]) ? table["AttributeDefinitions"].filter(isRecord) : [];
  const typeOf = (name: unknown): unknown => types.find((type) => type["AttributeName"] === name)?.["AttributeType"];
  const typedKeys = keys.map((key) => [key["AttributeName"], key["KeyType"], typeOf(key["AttributeName"])]);
  return [typedKeys, indexShapes(table["LocalSecondaryIndexes"])];
}

/** What makes an index, in the order of the names. */
function indexShapes(indexes: unknown): unknown[] {
  if (!Array.isArray(indexes)) return [];
  return indexes
    .filter(isRecord)
    .map((index) => [textOf(index["IndexName"]), index["KeySchema"], projectionOf(index["Projection"])] as const)
    .toSorted(([left], [right]) => (left < right ? -1 : 1));
}

function projectionOf(projection: unknown): unknown {
  if (!isRecord(projection) || !Array.isArray(projection["NonKeyAttributes"])) return projection;
  return { ...projection, NonKeyAttributes: projection["NonKeyAttributes"].map(String).toSorted() };
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
