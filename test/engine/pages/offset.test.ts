import { describe, expect, test } from "vitest";
import { offsetPages } from "../../../lib/engine/pages/offset.ts";
import { PageShapeError } from "../../../lib/engine/pages/page-strategy.ts";
import type { Cursor } from "../../../lib/engine/run.ts";

const pages = offsetPages({
  items: "results",
  total: "count",
  skip: "skip",
  limit: { parameter: "limit", size: 3 },
});

/** Walks a partner that has so many things and gives at most `cap` of them a page; answers what was asked and seen. */
function walk(things: number, cap: number, says: (there: number) => unknown) {
  const all = Array.from({ length: things }, (_, index) => index);
  const asked: number[] = [];
  const seen: unknown[] = [];
  let cursor: Cursor | null = null;
  do {
    const call = pages.request(cursor);
    if (call.kind !== "query") throw new Error("offsets are asked for by a query");
    expect(call.query["limit"]).toBe("3");
    const skip = Number(call.query["skip"]);
    asked.push(skip);
    const content = pages.read({ results: all.slice(skip, skip + Math.min(cap, 3)), count: says(things) }, cursor);
    seen.push(...content.items);
    cursor = content.next;
  } while (cursor !== null);
  return { asked, seen };
}

describe("offset pages", () => {
  test.each([
    [0, [0]],
    [2, [0]],
    [3, [0, 3]],
    [7, [0, 3, 6]],
  ])("of %i things are walked to the end", (things, asked) => {
    expect(walk(things, 3, (there) => there).asked).toEqual(asked);
    expect(walk(things, 3, (there) => there).seen).toHaveLength(things);
    expect(walk(things, 3, () => undefined).asked).toEqual(asked);
  });

  test("a partner that gives fewer than were asked for loses nothing", () => {
    const { asked, seen } = walk(7, 2, (there) => there);
    expect(asked).toEqual([0, 2, 4, 6]);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test("a total that is too large ends at the first empty page", () => {
    expect(walk(4, 3, () => 1_000).asked).toEqual([0, 3, 4]);
  });

  test("a total that is too small ends nothing", () => {
    expect(walk(7, 3, () => 1).seen).toHaveLength(7);
  });

  test("what is no page is named", () => {
    expect(() => pages.read({ count: 1 }, null)).toThrow(PageShapeError);
    expect(() => pages.read({ results: [1, 2, 3, 4] }, null)).toThrow(PageShapeError);
  });

  test("a list that never ends is left", () => {
    expect(() => pages.read({ results: [1, 2, 3] }, { skip: 10_000_000 })).toThrow(PageShapeError);
  });
});
