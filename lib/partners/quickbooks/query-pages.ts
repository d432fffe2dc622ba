import { PageShapeError } from "../../engine/pages/page-strategy.ts";
import type { PageStrategy } from "../../engine/pages/page-strategy.ts";
import { itemsAt, memberAt, shapeOf } from "../../engine/pages/shape.ts";

/** At most 1,000; an invoice can be large, and an answer is read to 8 MB. */
const size = 500;
const positionMax = 10_000_000;
/** A change may become readable a little after its own time, and their clock is not ours. */
export const overlapMs = 600_000;

/**
 * Pages of QuickBooks' query language, whose positions begin with 1. By id, so that a thing which changes while the list is
 * walked does not move to another page. Lists of names leave out what is inactive unless both are asked for.
 * https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/data-queries
 *
 * @example queryPages("Customer", { alsoInactive: true }).request(null); // …select * from Customer where Active in (true, false) orderby Id startposition 1 maxresults 500
 */
export function queryPages(entity: string, { alsoInactive }: { readonly alsoInactive: boolean }): PageStrategy {
  return {
    request(cursor, span) {
      const since = span?.sinceMs ?? null;
      const conditions = [
        ...(alsoInactive ? ["Active in (true, false)"] : []),
        ...(since === null ? [] : [`MetaData.LastUpdatedTime >= '${new Date(since).toISOString()}'`]),
      ];
      const where = conditions.length === 0 ? "" : ` where ${conditions.join(" and ")}`;
      const query = `select * from ${entity}${where} orderby Id startposition ${positionOf(cursor)} maxresults ${size}`;
      return { kind: "query", query: { query } };
    },
    read(body, cursor) {
      const answer = memberAt(body, "QueryResponse");
      if (typeof answer !== "object" || answer === null || Array.isArray(answer))
        throw new PageShapeError("an object at QueryResponse", shapeOf(answer));
      // Of nothing the entity's name is not there at all.
      const items = Object.hasOwn(answer, entity) ? itemsAt(answer, entity, size) : [];
      const position = positionOf(cursor) + items.length;
      if (items.length < size) return { items, next: null, total: null };
      if (position > positionMax)
        throw new PageShapeError(`a last page within ${positionMax} items`, "another full page");
      return { items, next: { position }, total: null };
    },
  };
}

function positionOf(cursor: Parameters<PageStrategy["read"]>[1]): number {
  const position = cursor?.["position"];
  return typeof position === "number" ? position : 1;
}
