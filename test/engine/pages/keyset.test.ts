import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keysetPages } from "../../../lib/engine/pages/keyset.ts";
import { PageShapeError } from "../../../lib/engine/pages/page-strategy.ts";
import type { Cursor } from "../../../lib/engine/run.ts";

const pages = keysetPages({
  items: "result.items",
  more: "result.more",
  id: "key.id",
  after: "after",
  limit: { parameter: "limit", size: 3 },
});

const item = (id: unknown) => ({ key: { id }, name: "n" });
const page = (ids: readonly unknown[], more: unknown) => ({ result: { items: ids.map(item), more } });

/** Walks a partner that answers by the query alone; gives up after a bound that no finite partner should reach. */
function walk(answer: (after: string | undefined) => unknown, callsMax = 10_000): { items: unknown[]; calls: number } {
  const items: unknown[] = [];
  let cursor: Cursor | null = null;
  for (let calls = 1; calls <= callsMax; calls++) {
    const call = pages.request(cursor);
    if (call.kind !== "query") throw new Error("expected a query");
    const content = pages.read(answer(call.query["after"]), cursor);
    items.push(...content.items);
    if (content.next === null) return { items, calls };
    // The checkpoint is stored as JSON between two pages.
    cursor = JSON.parse(JSON.stringify(content.next)) as Cursor;
  }
  throw new Error("the walk did not end");
}

describe("keysetPages", () => {
  test("asks for the first page by its size alone, and for the next by the last item's id", () => {
    expect(pages.request(null)).toEqual({ kind: "query", query: { limit: "3" } });
    const { next } = pages.read(page(["a", "b"], true), null);
    expect(pages.request(next)).toEqual({ kind: "query", query: { limit: "3", after: "b" } });
  });

  test("hands items over as they came, in order, and says nothing about a total", () => {
    const body = page(["a", 2], false);
    expect(pages.read(body, null)).toEqual({ items: body.result.items, next: null, total: null });
  });

  test("an empty last page is the end", () => {
    expect(pages.read(page([], false), null)).toEqual({ items: [], next: null, total: null });
  });

  test("the last page's items need no ids", () => {
    expect(pages.read(page([undefined], false), null).next).toBeNull();
  });

  test("numbers that are exact make cursors too", () => {
    const { next } = pages.read(page([41, 42], true), null);
    expect(pages.request(next)).toEqual({ kind: "query", query: { limit: "3", after: "42" } });
  });

  test("walks any list completely, each thing once, in as many calls as there are pages", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 60 }), (ids) => {
        const { items, calls } = walk((after) => {
          const start = after === undefined ? 0 : ids.indexOf(after) + 1;
          return page(ids.slice(start, start + 3), start + 3 < ids.length);
        });
        expect(items).toEqual(ids.map(item));
        expect(calls).toBe(Math.max(1, Math.ceil(ids.length / 3)));
      }),
    );
  });
});

describe("what is no page", () => {
  test.each([
    ["nothing", undefined],
    ["null", null],
    ["a text", "result"],
    ["a list", [1]],
    ["an error", { error: { code: "x" } }],
    ["no list", { result: { items: { 0: "a" }, more: true } }],
    ["no word on more", { result: { items: [] } }],
    ["more as a text", page(["a"], "false")],
    ["more as a number", page(["a"], 1)],
    ["more as null", page(["a"], null)],
    ["more items than asked for", page(["a", "b", "c", "d"], true)],
    ["more to come after no items", page([], true)],
    ["a last item without an id", page(["a", undefined], true)],
    ["a last item with a null id", page(["a", null], true)],
    ["a last item with an empty id", page(["a", ""], true)],
    ["a last item with an id that JSON's numbers cannot hold", page(["a", 2 ** 53], true)],
    ["a last item with an endless id", page(["a", "x".repeat(501)], true)],
    ["a last item that is null", { result: { items: [null], more: true } }],
  ])("%s is refused", (_name, body) => {
    expect(() => pages.read(body, null)).toThrow(PageShapeError);
  });

  test("more to come after no items says so, rather than that an id is missing", () => {
    expect(messageOf(page([], true))).toContain("items on a page that is not the last");
  });

  test("members that only a prototype has do not count", () => {
    const inherited: unknown = Object.create({ result: { items: [], more: false } });
    expect(() => pages.read(inherited, null)).toThrow(PageShapeError);
  });

  test("the error names kinds and keys, never values: they may be personal", () => {
    const secret = "jane@example.com";
    const bodies = [
      { result: { items: secret, more: true } },
      { result: secret },
      page([{ secret }], true),
      page(["a"], secret),
      page(["a"], { [secret]: 1, error: 2 }),
    ];
    for (const body of bodies) expect(messageOf(body)).not.toContain(secret);
  });
});

function messageOf(body: unknown): string {
  try {
    pages.read(body, null);
    throw new Error("expected a refusal");
  } catch (error) {
    if (!(error instanceof PageShapeError)) throw error;
    return `${error.message} ${error.expected} ${error.actual}`;
  }
}

describe("pages that lead nowhere", () => {
  test("a page that repeats its cursor is refused at once", () => {
    const { next } = pages.read(page(["a"], true), null);
    expect(() => pages.read(page(["a"], true), next)).toThrow(PageShapeError);
  });

  test("a circle of any length, after a start of any length, is noticed within a few times around", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 60 }), (start, length) => {
        let calls = 0;
        const answer = (after: string | undefined) => {
          calls++;
          const place = after === undefined ? 0 : Number(after);
          return page([String(place + 1 < start + length ? place + 1 : start)], true);
        };
        expect(() => walk(answer)).toThrow(PageShapeError);
        expect(calls).toBeLessThanOrEqual(3 * (start + length) + 3);
      }),
    );
  });

  test("whatever a partner answers that is a function of the query, the walk ends", () => {
    const anyBody = fc.oneof(
      fc.jsonValue(),
      fc.record({
        result: fc.record({
          items: fc.array(fc.record({ key: fc.record({ id: fc.constantFrom("a", "b", "c", "d", 5) }) }), {
            maxLength: 4,
          }),
          more: fc.boolean(),
        }),
      }),
    );
    fc.assert(
      fc.property(fc.array(anyBody, { minLength: 1, maxLength: 6 }), (bodies) => {
        let ended: boolean;
        try {
          walk((after) => bodies[(after ?? "").length === 0 ? 0 : (after ?? "").charCodeAt(0) % bodies.length], 100);
          ended = true;
        } catch (error) {
          ended = error instanceof PageShapeError;
        }
        expect(ended).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("the cursor stays small however long the walk", () => {
    let cursor: Cursor | null = null;
    for (let number = 0; number < 5_000; number++) cursor = pages.read(page([`item-${number}`], true), cursor).next;
    expect(JSON.stringify(cursor).length).toBeLessThan(150);
  });
});
