import { stepTo } from "./circle.ts";
import { PageShapeError } from "./page-strategy.ts";
import type { PageStrategy } from "./page-strategy.ts";
import { countAt, itemsAt, memberAt, shapeOf } from "./shape.ts";

export interface NextLinkOptions {
  /** Where a page's list is, as a dotted path. */
  readonly items: string;
  /** Where a page has the absolute URL of the next one, as a dotted path; null on the last page. */
  readonly next: string;
  /** Where a page says how many there are in all, as a dotted path; absent where the partner does not say. */
  readonly total?: string;
  readonly limit: { readonly parameter: string; readonly size: number };
}

const urlCharsMax = 2_000;

/**
 * Pages that each name the next one's URL. Whether its host is the partner's is asked where the call is made: a link is
 * data from outside.
 *
 * @example
 * nextLinkPages({ items: "results", next: "next", total: "count", limit: { parameter: "limit", size: 100 } });
 */
export function nextLinkPages(options: NextLinkOptions): PageStrategy {
  const { limit } = options;
  return {
    request(cursor) {
      const url = cursor?.["url"];
      if (typeof url === "string") return { kind: "url", url };
      return { kind: "query", query: { [limit.parameter]: String(limit.size) } };
    },
    read(body, cursor) {
      const items = itemsAt(body, options.items, limit.size);
      const total = options.total === undefined ? null : countAt(body, options.total);
      const next = memberAt(body, options.next);
      if (next === null) return { items, next: null, total };
      if (typeof next !== "string" || next.length > urlCharsMax || !URL.canParse(next)) {
        throw new PageShapeError(`null or an absolute URL at ${options.next}`, shapeOf(next));
      }
      return { items, next: { url: next, ...stepTo(next, cursor) }, total };
    },
  };
}
