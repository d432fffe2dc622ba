import { describe, expect, test } from "vitest";
import { PageShapeError } from "../../../lib/engine/pages/page-strategy.ts";
import { syncTokenPages } from "../../../lib/engine/pages/sync-token.ts";
import { walkPages } from "./walk.ts";

const pages = syncTokenPages({
  items: "items",
  nextPage: "nextPageToken",
  nextSync: "nextSyncToken",
  pageParameter: "pageToken",
  syncParameter: "syncToken",
  limit: { parameter: "maxResults", size: 2 },
});

/** A partner that lists everything, or what a token stands for, two a page. */
const partner = (lists: Readonly<Record<string, readonly number[]>>) => (query: Readonly<Record<string, string>>) => {
  const all = lists[query["syncToken"] ?? "everything"] ?? [];
  const start = Number(query["pageToken"] ?? 0);
  const items = all.slice(start, start + 2);
  return start + 2 < all.length ? { items, nextPageToken: String(start + 2) } : { items, nextSyncToken: "after" };
};

describe("pages with a sync token", () => {
  test("list everything without one, and end with the next", () => {
    const seen = walkPages(pages, partner({ everything: [1, 2, 3, 4, 5] }));
    expect(seen).toEqual({ items: [1, 2, 3, 4, 5], calls: 3, syncToken: "after" });
  });

  test("list what changed with one, on every page", () => {
    const seen = walkPages(pages, partner({ before: [7, 8, 9] }), undefined, { sync: "before" });
    expect(seen).toEqual({ items: [7, 8, 9], calls: 2, syncToken: "after" });
  });

  test.each([
    ["neither token", { items: [] }],
    ["an empty one", { items: [], nextSyncToken: "" }],
    ["a page token that is no text", { items: [], nextPageToken: 5 }],
    ["an endless one", { items: [], nextSyncToken: "x".repeat(4_001) }],
  ])("are not without a token: %s", (_name, body) => {
    expect(() => pages.read(body, null)).toThrow(PageShapeError);
  });
});
