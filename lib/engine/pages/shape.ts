import { PageShapeError } from "./page-strategy.ts";

/** The member at a dotted path, such as `result.items`; undefined where the path leads nowhere. */
export function memberAt(body: unknown, path: string): unknown {
  let value = body;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    // Own keys of an object can be read as those of a record.
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/**
 * The items of a page: a list at a path, of at most `itemsMax`.
 *
 * @throws PageShapeError when there is no list, or a longer one than was asked for.
 */
export function itemsAt(body: unknown, path: string, itemsMax: number): readonly unknown[] {
  const items = memberAt(body, path);
  if (!Array.isArray(items)) throw new PageShapeError(`a list at ${path}`, shapeOf(items));
  if (items.length > itemsMax)
    throw new PageShapeError(`at most ${itemsMax} items at ${path}`, `${items.length} items`);
  return items;
}

/** A whole number of things at a path; null where there is none, since a total is only told to people. */
export function countAt(body: unknown, path: string): number | null {
  const count = memberAt(body, path);
  return typeof count === "number" && Number.isSafeInteger(count) && count >= 0 ? count : null;
}

/** Names a value by its kind alone: what a partner sends may hold personal data, and an error must not. */
export function shapeOf(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value !== "object") return `a ${typeof value}`;
  // A key can be data too, such as an address: only what looks like a field's name is shown.
  const names = Object.keys(value).filter((key) => /^[a-z_][\w-]{0,30}$/i.test(key));
  return names.length === 0 ? "an object" : `an object with ${names.slice(0, 8).join(", ")}`;
}
