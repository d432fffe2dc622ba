import type { RecordScope, StoredRecord } from "../engine/record.ts";
import type { Bucket } from "./claim-checks.ts";
import { CorruptItem, jsonOf, text } from "./item.ts";
import type { Item } from "./item.ts";
import { placeOfItem, RecordData, recordOfItem } from "./record-item.ts";

/** A record's item with its data, from the item or from the bucket. Throws `CorruptItem`. */
export async function loadRecord(
  world: { readonly table: string; readonly bucket: Bucket },
  scope: RecordScope,
  item: Item,
): Promise<StoredRecord> {
  const { table, bucket } = world;
  const place = placeOfItem(table, item);
  if (place.kind === "inline") return recordOfItem(table, scope, item, jsonOf(table, item, RecordData, "data"));
  const body = await bucket.get(place.key);
  if (body === null) throw new CorruptItem(table, item, "its data is not in the bucket");
  const claimed = { ...item, data: text(Buffer.from(body).toString("utf8")) };
  return recordOfItem(table, scope, item, jsonOf(table, claimed, RecordData, "data"));
}
