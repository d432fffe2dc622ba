import { PageShapeError } from "./page-strategy.ts";
import type { PageStrategy } from "./page-strategy.ts";
import { countAt, itemsAt } from "./shape.ts";

export interface OffsetOptions {
  /** Where a page's list is, as a dotted path. */
  readonly items: string;
  /** Where a page says how many there are in all, as a dotted path; absent where the partner does not say. */
  readonly total?: string;
  /** The query's parameter for how many to pass over. */
  readonly skip: string;
  readonly limit: { readonly parameter: string; readonly size: number };
}

/** More would be a list that nobody pages through by number; bounds a partner whose pages never end. */
const skipMax = 10_000_000;

/**
 * Pages by number of items passed over, until one is not full and nothing says that there are more. Ask the partner for an order in which things do not move
 * between pages while they are walked, such as by id.
 *
 * @example
 * offsetPages({ items: "results", total: "count", skip: "skip", limit: { parameter: "limit", size: 100 } });
 */
export function offsetPages(options: OffsetOptions): PageStrategy {
  const { limit } = options;
  return {
    request(cursor) {
      const skip = cursor?.["skip"];
      const query = {
        [limit.parameter]: String(limit.size),
        [options.skip]: String(typeof skip === "number" ? skip : 0),
      };
      return { kind: "query", query };
    },
    read(body, cursor) {
      const items = itemsAt(body, options.items, limit.size);
      const total = options.total === undefined ? null : countAt(body, options.total);
      const skip = cursor?.["skip"];
      const passed = (typeof skip === "number" ? skip : 0) + items.length;
      // A partner may give fewer than were asked for, so a page that is not full is the last one only if the total agrees;
      // an empty one always is, as totals count what was there a moment ago.
      const isLast = items.length === 0 || (items.length < limit.size && passed >= (total ?? 0));
      if (isLast) return { items, next: null, total };
      if (passed > skipMax) throw new PageShapeError(`a last page within ${skipMax} items`, "yet another full page");
      return { items, next: { skip: passed }, total };
    },
  };
}
