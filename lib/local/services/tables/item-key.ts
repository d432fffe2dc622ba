import { isRecord } from "../../front-door/json-target.ts";
import type { TableInfo } from "./table-catalog.ts";

type Json = Readonly<Record<string, unknown>>;

/** The key attributes of an item or key, in the order of the schema; null when one is missing. */
export function keyOf(table: TableInfo, item: unknown): Json | null {
  if (!isRecord(item)) return null;
  const entries = table.keyAttributes.map((name) => [name, item[name]] as const);
  return entries.every(([, value]) => value !== undefined) ? Object.fromEntries(entries) : null;
}

/** Equal values have equal texts, whatever the order of their members. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    isRecord(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([left], [right]) => (left < right ? -1 : 1)))
      : member,
  );
}
