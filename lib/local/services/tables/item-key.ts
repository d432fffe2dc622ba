import { isRecord } from "../../front-door/json-target.ts";
import type { TableInfo } from "./table-catalog.ts";

type Json = Readonly<Record<string, unknown>>;

/** The key attributes of an item or key, in the order of the schema; null when one is missing. */
export function keyOf(table: TableInfo, item: unknown): Json | null {
  if (!isRecord(item)) return null;
  const entries = table.keyAttributes.map((name) => [name, item[name]] as const);
  return entries.every(([, value]) => value !== undefined) ? Object.fromEntries(entries) : null;
}

/** Whether two images say the same, whatever the order of their members. Sets keep the order they were written in. */
export function sameImage(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => sameImage(item, right[index]));
  }
  if (!isRecord(left) || !isRecord(right)) return false;
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => sameImage(left[name], right[name]));
}
