import { PageShapeError } from "./page-strategy.ts";
import type { PageStrategy } from "./page-strategy.ts";
import { countAt, itemsAt } from "./shape.ts";

export interface PageNumberOptions {
  /** Where a page's list is, as a dotted path. */
  readonly items: string;
  /** Where a page says how many there are in all, as a dotted path; absent where the partner does not say. */
  readonly total?: string;
  /** Where a page says how many pages there are, as a dotted path; absent where the partner does not say. */
  readonly pages?: string;
  /** The query's parameter for the page's number. */
  readonly page: string;
  /** The first page's number: 1 unless said otherwise. */
  readonly first?: number;
  readonly limit: { readonly parameter: string; readonly size: number };
}

/** Bounds a partner whose pages never end. */
const pagesMax = 1_000_000;

/**
 * Pages by their number. One that is not full is the last, unless the partner counts pages and says that there are more: it
 * may leave out what the reader may not see. Ask for an order in which things do not move while they are walked, such as by id.
 *
 * @example
 * pageNumberPages({ items: "data", pages: "meta.last_page", page: "page", limit: { parameter: "per_page", size: 100 } });
 */
export function pageNumberPages(options: PageNumberOptions): PageStrategy {
  const { limit, first = 1 } = options;
  return {
    request(cursor) {
      const query = {
        [limit.parameter]: String(limit.size),
        [options.page]: String(numberIn(cursor?.["page"], first)),
      };
      return { kind: "query", query };
    },
    read(body, cursor) {
      const items = itemsAt(body, options.items, limit.size);
      const total = options.total === undefined ? null : countAt(body, options.total);
      const pages = options.pages === undefined ? null : countAt(body, options.pages);
      const page = numberIn(cursor?.["page"], first);
      const passed = page - first + 1;
      const isLast = pages === null ? items.length < limit.size : passed >= pages;
      if (isLast) return { items, next: null, total };
      if (passed > pagesMax) throw new PageShapeError(`a last page within ${pagesMax}`, "yet another page");
      return { items, next: { page: page + 1 }, total };
    },
  };
}

function numberIn(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
