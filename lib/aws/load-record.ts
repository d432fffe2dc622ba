import type { RecordScope, StoredRecord } from "../engine/record.ts";
import type { Bucket } from "./claim-checks.ts";
import type { Item } from "./item.ts";
import { dataOf } from "./record-data.ts";
import { recordOfItem } from "./record-item.ts";

/** A record's item with its data, from the item or from the bucket. Throws `CorruptItem`. */
export async function loadRecord(
  world: { readonly table: string; readonly bucket: Bucket },
  scope: RecordScope,
  item: Item,
): Promise<StoredRecord> {
  return recordOfItem(world.table, scope, item, await dataOf(world, item));
}
