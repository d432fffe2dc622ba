import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pageNumberPages } from "../../../lib/engine/pages/page-number.ts";
import { PageShapeError } from "../../../lib/engine/pages/page-strategy.ts";
import { walkPages } from "./walk.ts";

const limit = { parameter: "per_page", size: 3 };

describe("pages by number", () => {
  test.each([
    ["of a partner that says nothing more", {}],
    ["of a partner that counts its pages", { pages: "meta.pages" }],
    ["of a partner that counts from nought", { first: 0 }],
  ])("are walked whole, %s", (_name, more) => {
    const pages = pageNumberPages({ items: "data", page: "page", limit, ...more });
    const first = "first" in more ? more.first : 1;
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 30 }), (all) => {
        const seen = walkPages(pages, (query) => {
          const start = (Number(query["page"]) - first) * 3;
          return {
            data: all.slice(start, start + Number(query["per_page"])),
            meta: { pages: Math.ceil(all.length / 3) },
          };
        });
        expect(seen.items).toEqual(all);
      }),
    );
  });

  test("that are not full are not the last where the partner counts more", () => {
    const pages = pageNumberPages({ items: "data", pages: "pages", page: "page", limit });
    expect(pages.read({ data: [1], pages: 2 }, null).next).toEqual({ page: 2 });
    expect(pages.read({ data: [], pages: 2 }, { page: 2 }).next).toBeNull();
  });

  test("that never end are refused", () => {
    const pages = pageNumberPages({ items: "data", page: "page", limit });
    expect(() => pages.read({ data: [1, 2, 3] }, { page: 1_000_001 })).toThrow(PageShapeError);
  });
});
