import { stepTo } from "./circle.ts";
import { everything, PageShapeError } from "./page-strategy.ts";
import type { PageStrategy, Span } from "./page-strategy.ts";
import { itemsAt, memberAt, shapeOf } from "./shape.ts";

export interface GraphqlConnectionOptions {
  /** Takes `$first` and `$after`, and whatever `variables` gives; asks for `nodes` and `pageInfo { hasNextPage endCursor }`. */
  readonly query: string;
  /** Where the connection is in an answer, as a dotted path: `data.orders`. */
  readonly connection: string;
  readonly size: number;
  /** Further variables; the span says which changes are asked for. */
  readonly variables?: (span: Span) => Readonly<Record<string, unknown>>;
}

/**
 * The pages of a GraphQL connection (https://relay.dev/graphql/connections.htm), sent by POST. An answer of 200 that holds
 * `errors` is for the driver's `classify`.
 *
 * @example
 * graphqlPages({ query: "query($first: Int!, $after: String) { orders(first: $first, after: $after) { … } }", connection: "data.orders", size: 100 });
 */
export function graphqlPages(options: GraphqlConnectionOptions): PageStrategy {
  const { query, connection, size } = options;
  return {
    request(cursor, span = everything) {
      const after = cursor?.["after"];
      const variables = { ...options.variables?.(span), first: size, after: typeof after === "string" ? after : null };
      return { kind: "body", body: { query, variables } };
    },
    read(body, cursor) {
      const items = itemsAt(body, `${connection}.nodes`, size);
      const more = memberAt(body, `${connection}.pageInfo.hasNextPage`);
      if (typeof more !== "boolean")
        throw new PageShapeError(`true or false at ${connection}.pageInfo.hasNextPage`, shapeOf(more));
      if (!more) return { items, next: null, total: null };
      const end = memberAt(body, `${connection}.pageInfo.endCursor`);
      if (typeof end !== "string" || end === "" || end.length > cursorCharsMax)
        throw new PageShapeError(`a cursor at ${connection}.pageInfo.endCursor`, shapeOf(end));
      return { items, next: { after: end, ...stepTo(end, cursor) }, total: null };
    },
  };
}

const cursorCharsMax = 2_000;
