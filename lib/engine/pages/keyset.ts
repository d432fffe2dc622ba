import { stepTo } from "./circle.ts";
import { PageShapeError } from "./page-strategy.ts";
import type { PageStrategy } from "./page-strategy.ts";
import { itemsAt, memberAt, shapeOf } from "./shape.ts";

export interface KeysetOptions {
  /** Where a page's list is, as a dotted path. */
  readonly items: string;
  /** Where a page says whether there are more: a boolean, as a dotted path. */
  readonly more: string;
  /** Where an item's id is, as a dotted path. */
  readonly id: string;
  /** The query's parameter that names the last item seen. */
  readonly after: string;
  readonly limit: { readonly parameter: string; readonly size: number };
}

/**
 * Pages that go on after the last item's id, in the partner's own order, until one says that it is the last.
 *
 * @example
 * keysetPages({ items: "data", more: "has_more", id: "id", after: "starting_after", limit: { parameter: "limit", size: 100 } });
 */
export function keysetPages(options: KeysetOptions): PageStrategy {
  const { after, limit } = options;
  return {
    request(cursor) {
      const size = { [limit.parameter]: String(limit.size) };
      const last = cursor?.["after"];
      return { kind: "query", query: typeof last === "string" ? { ...size, [after]: last } : size };
    },
    read(body, cursor) {
      const items = itemsAt(body, options.items, limit.size);
      const more = memberAt(body, options.more);
      if (typeof more !== "boolean") throw new PageShapeError(`true or false at ${options.more}`, shapeOf(more));
      if (!more) return { items, next: null, total: null };
      if (items.length === 0) throw new PageShapeError("items on a page that is not the last", "none");
      const last = idOf(items.at(-1), options.id);
      return { items, next: { after: last, ...stepTo(last, cursor) }, total: null };
    },
  };
}

/** Numbers that JSON cannot hold exactly would name another item. */
function idOf(item: unknown, path: string): string {
  const id = memberAt(item, path);
  if (typeof id === "string" && id.length > 0 && id.length <= 500) return id;
  if (Number.isSafeInteger(id)) return String(id);
  throw new PageShapeError(`an id at ${path} of the page's last item`, shapeOf(id));
}
