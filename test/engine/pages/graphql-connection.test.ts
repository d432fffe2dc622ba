import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { graphqlPages } from "../../../lib/engine/pages/graphql-connection.ts";
import { PageShapeError } from "../../../lib/engine/pages/page-strategy.ts";
import { walkCalls } from "./walk.ts";

const Variables = z.object({ after: z.string().nullable() });

const pages = graphqlPages({
  query: "query",
  connection: "data.orders",
  size: 3,
  variables: ({ sinceMs }) => ({ since: sinceMs }),
});
const answer = (nodes: readonly unknown[], hasNextPage: unknown, endCursor: unknown) => ({
  data: { orders: { nodes, pageInfo: { hasNextPage, endCursor } } },
});

describe("pages of a GraphQL connection", () => {
  test("ask with the query, its size, where it is, and what changes are wanted", () => {
    const span = { sinceMs: 5, untilMs: 9 };
    const body = (after: string | null) => ({ query: "query", variables: { since: 5, first: 3, after } });
    expect(pages.request(null, span)).toEqual({ kind: "body", body: body(null) });
    const { next } = pages.read(answer([1], true, "x"), null);
    expect(pages.request(next, span)).toEqual({ kind: "body", body: body("x") });
  });

  test("are walked whole", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 30 }), (all) => {
        const seen = walkCalls(pages, (call) => {
          if (call.kind !== "body") throw new Error("expected a body");
          const { after } = Variables.parse(call.body["variables"]);
          const start = after === null ? 0 : Number(after);
          return answer(all.slice(start, start + 3), start + 3 < all.length, String(start + 3));
        });
        expect(seen.items).toEqual(all);
      }),
    );
  });

  test.each([
    ["errors alone", { errors: [{ message: "no" }], data: null }],
    ["no word on more", answer([], undefined, null)],
    ["more without a cursor", answer([1], true, null)],
    ["more with an empty cursor", answer([1], true, "")],
    ["more than was asked for", answer([1, 2, 3, 4], false, null)],
  ])("are not %s", (_name, body) => {
    expect(() => pages.read(body, null)).toThrow(PageShapeError);
  });

  test("that lead nowhere are refused", () => {
    const { next } = pages.read(answer([1], true, "x"), null);
    expect(() => pages.read(answer([1], true, "x"), next)).toThrow(PageShapeError);
  });
});
