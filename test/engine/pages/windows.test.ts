import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { offsetPages } from "../../../lib/engine/pages/offset.ts";
import { PageShapeError } from "../../../lib/engine/pages/page-strategy.ts";
import { windowPages } from "../../../lib/engine/pages/windows.ts";
import { walkPages } from "./walk.ts";

const dayMs = 86_400_000;
const inner = offsetPages({ items: "items", total: "total", skip: "skip", limit: { parameter: "limit", size: 4 } });
const options = { page: inner, from: "from", to: "to", format: String, beginMs: 0, widthMs: 8 * dayMs, itemsMax: 20 };

/** A partner that gives no more than 20 things of one query, however they are paged; its bounds are inclusive. */
const partner =
  (times: readonly number[], isExclusive = false) =>
  (query: Readonly<Record<string, string>>) => {
    const [from, to, skip] = [Number(query["from"]), Number(query["to"]), Number(query["skip"])];
    const matching = times.filter((time) => (isExclusive ? time > from : time >= from) && time <= to).slice(0, 20);
    return { items: matching.slice(skip, skip + 4) };
  };

describe("windows of time", () => {
  const someTimes = fc.array(fc.integer({ min: 0, max: 100 * dayMs }), { maxLength: 120 });

  test("bring everything of a partner that gives only so much of one query", () => {
    fc.assert(
      fc.property(someTimes, (times) => {
        const seen = walkPages(windowPages(options), partner(times), { sinceMs: null, untilMs: 100 * dayMs });
        expect(new Set(seen.items)).toEqual(new Set(times));
      }),
    );
  });

  test("bring all changes since a moment, that moment included, and none from before", () => {
    fc.assert(
      fc.property(someTimes, fc.integer({ min: 0, max: 100 * dayMs }), (times, sinceMs) => {
        const seen = walkPages(windowPages(options), partner([...times, sinceMs]), { sinceMs, untilMs: 100 * dayMs });
        expect(new Set(seen.items)).toEqual(new Set([...times.filter((time) => time >= sinceMs), sinceMs]));
      }),
    );
  });

  test("lose nothing at a bound that the partner takes for exclusive, if they overlap", () => {
    const times = [8 * dayMs, 16 * dayMs];
    const span = { sinceMs: 0, untilMs: 20 * dayMs };
    const apart = walkPages(windowPages(options), partner(times, true), span);
    const overlapping = walkPages(windowPages({ ...options, overlapMs: 1 }), partner(times, true), span);
    expect([new Set(apart.items), new Set(overlapping.items)]).toEqual([new Set(times), new Set(times)]);
    const at = partner([0], true);
    expect(walkPages(windowPages(options), at, span).items).toEqual([]);
    expect(walkPages(windowPages({ ...options, overlapMs: 1 }), at, span).items).toEqual([0]);
  });

  test("lose nothing at a bound that belongs to the later window alone", () => {
    const times = [0, 8 * dayMs, 16 * dayMs];
    const answer = (query: Readonly<Record<string, string>>) => {
      const [from, to, skip] = [Number(query["from"]), Number(query["to"]), Number(query["skip"])];
      return { items: times.filter((time) => time >= from && time < to).slice(skip, skip + 4) };
    };
    const seen = walkPages(windowPages(options), answer, { sinceMs: 0, untilMs: 20 * dayMs });
    expect(seen.items).toEqual(times);
  });

  test("begin again at half their width when the partner says that there is more than it gives", () => {
    const pages = windowPages(options);
    const span = { sinceMs: 0, untilMs: 100 * dayMs };
    const { next } = pages.read({ items: [1, 2, 3, 4], total: 21 }, null, span);
    expect(pages.request(next, span)).toMatchObject({ query: { from: "0", to: String(4 * dayMs), skip: "0" } });
  });

  test("of a partner that has more in a second than it gives at all are refused", () => {
    const times = Array.from({ length: 40 }, () => 5);
    const walk = () => walkPages(windowPages(options), partner(times), { sinceMs: 0, untilMs: dayMs });
    expect(walk).toThrow(PageShapeError);
  });
});
