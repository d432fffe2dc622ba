import { AwsError } from "../../front-door/aws-error.ts";
import { isRecord } from "../../front-door/json-target.ts";
import { isJournaled, lockNameOf, readItem, settle, type WriterParts } from "./item-writer.ts";
import { keyOf } from "./item-key.ts";
import type { TableInfo } from "./table-catalog.ts";
import type { Intent } from "./write-journal.ts";

type Json = Readonly<Record<string, unknown>>;
type Plan = Omit<Intent, "oldImage"> & { readonly table: TableInfo };

/** BatchWriteItem: holds all its keys, notes the journaled ones in one go, and settles each by itself. */
export async function writeBatch(parts: WriterParts, input: Json): Promise<Json> {
  const plans = plansOf(parts, input);
  // A request that cannot be read item by item is dynalite's to refuse.
  if (plans === null) return parts.dynalite.call("BatchWriteItem", input);
  const lockNames = plans.map((plan) => lockNameOf(plan.table, plan.key));
  return parts.locks.run(lockNames, () => writeHeld(parts, input, plans));
}

async function writeHeld(parts: WriterParts, input: Json, plans: readonly Plan[]): Promise<Json> {
  const journaled = plans.filter((plan) => isJournaled(plan.table));
  const intents = await Promise.all(
    journaled.map(async ({ table, ...plan }) => ({
      ...plan,
      oldImage: await readItem(parts.dynalite, table.name, plan.key),
    })),
  );
  const sequences = parts.journal.begin(intents);
  try {
    const output = await parts.dynalite.call("BatchWriteItem", input);
    intents.forEach((intent, index) => settle(parts, intent, sequences[index] ?? 0, intendedImage(intent)));
    return output;
  } catch (error) {
    // dynalite checks the whole batch before it writes any of it: a refusal changed nothing.
    if (error instanceof AwsError && error.status < 500) parts.journal.drop(sequences);
    else await settleByReading(parts, intents, sequences);
    throw error;
  }
}

async function settleByReading(
  parts: WriterParts,
  intents: readonly Intent[],
  sequences: readonly number[],
): Promise<void> {
  for (const [index, intent] of intents.entries()) {
    const current = await readItem(parts.dynalite, intent.tableName, intent.key);
    settle(parts, intent, sequences[index] ?? 0, current);
  }
}

function intendedImage(intent: Intent): Json | null {
  const item = intent.input["Item"];
  return intent.operation === "PutItem" && isRecord(item) ? item : null;
}

function plansOf(parts: WriterParts, input: Json): Plan[] | null {
  const requestItems = input["RequestItems"];
  if (!isRecord(requestItems)) return null;
  const plans: Plan[] = [];
  for (const [tableName, requests] of Object.entries(requestItems)) {
    const table = parts.catalog.get(tableName);
    if (table === null || !Array.isArray(requests)) return null;
    for (const request of requests) {
      const plan = planOf(table, request);
      if (plan === null) return null;
      plans.push(plan);
    }
  }
  return plans;
}

function planOf(table: TableInfo, request: unknown): Plan | null {
  if (!isRecord(request)) return null;
  const { PutRequest: put, DeleteRequest: remove } = request;
  if (isRecord(put)) {
    const key = keyOf(table, put["Item"]);
    const input = { TableName: table.name, Item: put["Item"] };
    return key && { table, tableName: table.name, operation: "PutItem", input, key, byTimeToLive: false };
  }
  if (!isRecord(remove)) return null;
  const key = keyOf(table, remove["Key"]);
  const input = { TableName: table.name, Key: remove["Key"] };
  return key && { table, tableName: table.name, operation: "DeleteItem", input, key, byTimeToLive: false };
}
