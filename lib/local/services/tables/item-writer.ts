import { AwsError } from "../../front-door/aws-error.ts";
import { isRecord, textOf } from "../../front-door/json-target.ts";
import type { Dynalite } from "./dynalite.ts";
import { keyOf, sameImage } from "./item-key.ts";
import type { KeyedLocks } from "./keyed-locks.ts";
import type { TableCatalog, TableInfo } from "./table-catalog.ts";
import type { Intent, WriteJournal } from "./write-journal.ts";

type Json = Readonly<Record<string, unknown>>;
type WriteOperation = Intent["operation"];

export interface WriterParts {
  readonly dynalite: Dynalite;
  readonly journal: WriteJournal;
  readonly catalog: TableCatalog;
  readonly locks: KeyedLocks;
}

/**
 * Writes one item. Writes to a key go one after the other; those to a table with a stream or an index are journaled first:
 * a stream must not miss a change, and dynalite changes the indexes before the item, which a SIGKILL in between would leave
 * disagreeing.
 */
export async function writeItem(
  parts: WriterParts,
  operation: WriteOperation,
  input: Json,
  byTimeToLive = false,
): Promise<Json> {
  const table = parts.catalog.get(String(input["TableName"]));
  const key = table === null ? null : keyOf(table, operation === "PutItem" ? input["Item"] : input["Key"]);
  // dynalite says what is wrong with a table or key that is not there.
  if (table === null || key === null) return parts.dynalite.call(operation, input);
  return parts.locks.run([lockNameOf(table, key)], () =>
    isJournaled(table)
      ? journaledWrite(parts, table, { tableName: table.name, operation, input, key, byTimeToLive })
      : plainWrite(parts, operation, input, key),
  );
}

/** Whether writes to the table are noted before they happen. */
export function isJournaled(table: TableInfo): boolean {
  return table.streamArn !== null || Object.keys(table.indexPartitionKeys).length > 0;
}

export function lockNameOf(table: TableInfo, key: Json): string {
  // Keys come in the order of the schema, so the same key has the same text.
  return `${table.name}\n${JSON.stringify(key)}`;
}

/** Settles a journaled write by its result: a record of the stream, or nothing when there is no stream or no change. */
export function settle(parts: WriterParts, intent: Intent, sequence: number, newImage: Json | null): void {
  const hasStream = (parts.catalog.get(intent.tableName)?.streamArn ?? null) !== null;
  if (hasStream && !sameImage(intent.oldImage, newImage)) parts.journal.complete([{ sequence, newImage }]);
  else parts.journal.drop([sequence]);
}

/** The item as it is now; null when there is none. */
export async function readItem(dynalite: Dynalite, tableName: string, key: Json): Promise<Json | null> {
  const { Item: item } = await dynalite.call("GetItem", { TableName: tableName, Key: key, ConsistentRead: true });
  return isRecord(item) ? item : null;
}

async function plainWrite(parts: WriterParts, operation: WriteOperation, input: Json, key: Json): Promise<Json> {
  try {
    return await parts.dynalite.call(operation, input);
  } catch (error) {
    if (!wantsItemOnFailure(error, input)) throw error;
    throw withItem(error, await readItem(parts.dynalite, String(input["TableName"]), key));
  }
}

async function journaledWrite(parts: WriterParts, table: TableInfo, write: Omit<Intent, "oldImage">): Promise<Json> {
  const intent = { ...write, oldImage: await readItem(parts.dynalite, table.name, write.key) };
  const [sequence = 0] = parts.journal.begin([intent]);
  let output: Json;
  try {
    output = await parts.dynalite.call(intent.operation, withKnownResult(intent));
  } catch (error) {
    await settleFailed(parts, intent, sequence, error);
    throw wantsItemOnFailure(error, intent.input) ? withItem(error, intent.oldImage) : error;
  }
  settle(parts, intent, sequence, await newImageOf(parts.dynalite, intent, output));
  return asAsked(intent, output);
}

/** A refusal changed nothing; after a fault only the item itself can tell. */
async function settleFailed(parts: WriterParts, intent: Intent, sequence: number, error: unknown): Promise<void> {
  if (error instanceof AwsError && error.status < 500) parts.journal.drop([sequence]);
  else settle(parts, intent, sequence, await readItem(parts.dynalite, intent.tableName, intent.key));
}

/** An update is asked for the whole new item, unless its caller wants parts of it: that saves a read. */
function withKnownResult(intent: Intent): Json {
  const asksForParts = textOf(intent.input["ReturnValues"]).startsWith("UPDATED_");
  if (intent.operation !== "UpdateItem" || asksForParts) return intent.input;
  return { ...intent.input, ReturnValues: "ALL_NEW" };
}

async function newImageOf(dynalite: Dynalite, intent: Intent, output: Json): Promise<Json | null> {
  if (intent.operation === "DeleteItem") return null;
  if (intent.operation === "PutItem") return isRecord(intent.input["Item"]) ? intent.input["Item"] : null;
  const asksForParts = textOf(intent.input["ReturnValues"]).startsWith("UPDATED_");
  if (!asksForParts && isRecord(output["Attributes"])) return output["Attributes"];
  return readItem(dynalite, intent.tableName, intent.key);
}

/** Takes back what `withKnownResult` asked for on its own account. */
function asAsked(intent: Intent, output: Json): Json {
  const asked = textOf(intent.input["ReturnValues"]) || "NONE";
  if (intent.operation !== "UpdateItem" || (asked !== "NONE" && asked !== "ALL_OLD")) return output;
  const { Attributes: _attributes, ...rest } = output;
  return asked === "ALL_OLD" && intent.oldImage !== null ? { ...rest, Attributes: intent.oldImage } : rest;
}

function wantsItemOnFailure(error: unknown, input: Json): error is AwsError {
  return (
    error instanceof AwsError &&
    error.code === "ConditionalCheckFailedException" &&
    input["ReturnValuesOnConditionCheckFailure"] === "ALL_OLD"
  );
}

function withItem(error: AwsError, item: Json | null): AwsError {
  return new AwsError(error.code, error.message, error.status, item === null ? {} : { Item: item });
}
