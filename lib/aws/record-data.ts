import { gunzipSync, gzipSync } from "node:zlib";
import * as z from "zod";
import type { RecordScope, StoredRecord } from "../engine/record.ts";
import type { Bucket } from "./claim-checks.ts";
import { recordClaimKeyOf } from "./claim-key.ts";
import { CorruptItem, jsonOf, text } from "./item.ts";
import type { Item } from "./item.ts";

type Data = StoredRecord["data"];

/** An item takes 400 KB, names and the other attributes included: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const itemBytesMax = 380 * 1024;
/** A write is paid by the KB, and JSON shrinks to a quarter; of less than this there is little to save. */
const plainBytesMax = 4 * 1024;
/** Bounds what a small item can grow to in memory. */
const unpackedBytesMax = 64 * 1024 * 1024;

const RecordData: z.ZodType<Data> = z.record(z.string(), z.unknown());

/** The attributes that hold a record's data, one of them at a time: JSON, the same compressed, or where the bucket has it. */
export const dataNames = ["data", "dataZip", "dataClaim"] as const;

/** An item names data that the bucket no longer has: what it was of was erased meanwhile, or somebody removed the object. */
export class DataGone extends CorruptItem {
  constructor(table: string, item: Item) {
    super(table, item, "its data is not in the bucket");
    this.name = "DataGone";
  }
}

/** Decides where a record's data goes, and puts it into the bucket where it is too large for an item. */
export async function dataFor(bucket: Bucket, scope: RecordScope, data: Data): Promise<Item> {
  const json = JSON.stringify(data);
  if (Buffer.byteLength(json) <= plainBytesMax) return { data: text(json) };
  const zipped = gzipSync(json);
  if (zipped.byteLength <= itemBytesMax) return { dataZip: { B: zipped } };
  const key = `${recordClaimKeyOf(scope, zipped)}.gz`;
  // Before the item that names it: an object that nothing names harms nobody.
  await bucket.put(key, zipped);
  return { dataClaim: text(key) };
}

/** Reads an item's data from wherever it is. Throws `CorruptItem`, of which `DataGone` is one. */
export async function dataOf(world: { readonly table: string; readonly bucket: Bucket }, item: Item): Promise<Data> {
  const { table, bucket } = world;
  const key = item["dataClaim"]?.S;
  if (key !== undefined) {
    const body = await bucket.get(key);
    if (body === null) throw new DataGone(table, item);
    return parse(table, item, key.endsWith(".gz") ? unzip(table, item, body) : Buffer.from(body).toString("utf8"));
  }
  const zipped = item["dataZip"]?.B;
  if (zipped !== undefined) return parse(table, item, unzip(table, item, zipped));
  return jsonOf(table, item, RecordData, "data");
}

function parse(table: string, item: Item, json: string): Data {
  return jsonOf(table, { ...item, data: text(json) }, RecordData, "data");
}

function unzip(table: string, item: Item, zipped: Uint8Array): string {
  try {
    return gunzipSync(zipped, { maxOutputLength: unpackedBytesMax }).toString("utf8");
  } catch {
    throw new CorruptItem(table, item, "its data does not unpack");
  }
}
