import { stepTo } from "./circle.ts";
import { PageShapeError } from "./page-strategy.ts";
import type { PageStrategy } from "./page-strategy.ts";
import { itemsAt, memberAt, shapeOf } from "./shape.ts";

export interface SyncTokenOptions {
  /** Where a page's list is, as a dotted path. */
  readonly items: string;
  /** Where a page has the next one's token, as a dotted path; absent or null on the last page. */
  readonly nextPage: string;
  /** Where the last page has the token that the next import starts from, as a dotted path. */
  readonly nextSync: string;
  /** The query's parameters. */
  readonly pageParameter: string;
  readonly syncParameter: string;
  readonly limit: { readonly parameter: string; readonly size: number };
}

const tokenCharsMax = 4_000;

/**
 * Pages whose last one gives a token: asked with it, the partner lists what changed since. Without one it lists everything. A
 * token that it has forgotten (404, 410) makes the import a full pass by itself.
 *
 * @example
 * syncTokenPages({
 *   items: "items", nextPage: "nextPageToken", nextSync: "nextSyncToken",
 *   pageParameter: "pageToken", syncParameter: "syncToken", limit: { parameter: "maxResults", size: 250 },
 * });
 */
export function syncTokenPages(options: SyncTokenOptions): PageStrategy {
  const { limit } = options;
  return {
    request(cursor) {
      const [sync, page] = [cursor?.["sync"], cursor?.["page"]];
      const query = {
        [limit.parameter]: String(limit.size),
        ...(typeof sync === "string" && { [options.syncParameter]: sync }),
        ...(typeof page === "string" && { [options.pageParameter]: page }),
      };
      return { kind: "query", query };
    },
    read(body, cursor) {
      const items = itemsAt(body, options.items, limit.size);
      const page = memberAt(body, options.nextPage) ?? null;
      if (page === null) return { items, next: null, total: null, syncToken: tokenAt(body, options.nextSync) };
      const next = tokenAt(body, options.nextPage);
      return { items, next: { sync: cursor?.["sync"] ?? null, page: next, ...stepTo(next, cursor) }, total: null };
    },
  };
}

/** The increment of a resource with these pages. */
export const changesByToken = { kind: "sync-token", overlapMs: 0, query: () => ({}) } as const;

function tokenAt(body: unknown, path: string): string {
  const token = memberAt(body, path);
  if (typeof token === "string" && token !== "" && token.length <= tokenCharsMax) return token;
  throw new PageShapeError(`a token at ${path}`, shapeOf(token));
}
