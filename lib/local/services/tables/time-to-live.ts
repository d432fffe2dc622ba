import { isRecord } from "../../front-door/json-target.ts";
import { AwsError } from "../../front-door/aws-error.ts";
import { writeItem, type WriterParts } from "./item-writer.ts";
import { keyOf } from "./item-key.ts";
import type { TableInfo } from "./table-catalog.ts";

type Json = Readonly<Record<string, unknown>>;

/** Removes expired items, one page of each table a call, so that a large table is swept little by little. */
export interface TimeToLiveSweeper {
  /** Returns how many items were removed. */
  sweep(nowMs: number): Promise<number>;
}

const pageItemsMax = 500;

export function createTimeToLiveSweeper(parts: WriterParts): TimeToLiveSweeper {
  const positions = new Map<string, Json>();

  async function sweepTable(table: TableInfo, attribute: string, nowSeconds: number): Promise<number> {
    const start = positions.get(table.name);
    const page = await parts.dynalite.call("Scan", {
      TableName: table.name,
      Limit: pageItemsMax,
      ...(start === undefined ? {} : { ExclusiveStartKey: start }),
    });
    const next = page["LastEvaluatedKey"];
    if (isRecord(next)) positions.set(table.name, next);
    else positions.delete(table.name);
    const items = Array.isArray(page["Items"]) ? page["Items"].filter(isRecord) : [];
    let removed = 0;
    for (const item of items) {
      if (isExpired(item[attribute], nowSeconds)) removed += await removeExpired(table, attribute, item);
    }
    return removed;
  }

  /** Only while the item still has the expiry that was seen: it may have been prolonged since. */
  async function removeExpired(table: TableInfo, attribute: string, item: Json): Promise<number> {
    const input = {
      TableName: table.name,
      Key: keyOf(table, item),
      ConditionExpression: "#expiry = :seen",
      ExpressionAttributeNames: { "#expiry": attribute },
      ExpressionAttributeValues: { ":seen": item[attribute] },
    };
    try {
      await writeItem(parts, "DeleteItem", input, true);
      return 1;
    } catch (error) {
      if (error instanceof AwsError && error.code === "ConditionalCheckFailedException") return 0;
      throw error;
    }
  }

  return {
    async sweep(nowMs) {
      let removed = 0;
      for (const table of parts.catalog.all()) {
        const attribute = table.timeToLiveAttribute;
        if (attribute !== null) removed += await sweepTable(table, attribute, Math.floor(nowMs / 1000));
      }
      return removed;
    },
  };
}

const fiveYearsSeconds = 5 * 365 * 24 * 3600;

/** DynamoDB leaves items alone whose expiry is no number or over five years ago. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-before-you-start.html */
function isExpired(value: unknown, nowSeconds: number): boolean {
  if (!isRecord(value) || typeof value["N"] !== "string") return false;
  const expiresAtSeconds = Number(value["N"]);
  return expiresAtSeconds <= nowSeconds && expiresAtSeconds > nowSeconds - fiveYearsSeconds;
}
