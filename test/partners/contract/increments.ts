import * as fc from "fast-check";
import type { FeedIncrement, Increment, ResourceDriver } from "../../../lib/engine/define-partner.ts";
import { unless } from "./identity.ts";
import { isQueryValue } from "./pages.ts";
import { thingsOf } from "./resources.ts";
import { anyJson, falsified, thrownBy } from "./subject.ts";
import type { Check } from "./subject.ts";

const dayMs = 86_400_000;

/** What asks for changes is well-formed for any moment, overlaps, and asks for other things when the moment is another. */
export const checkIncrements: Check = ({ driver, fixtures }) =>
  Object.entries(driver.resources).flatMap(([name, resource]) => {
    const { increment } = resource;
    if (increment === null) return [];
    return [
      ...unless(
        increment.overlapMs >= 0 && increment.overlapMs <= dayMs,
        `${name}: the overlap is not between nothing and a day`,
      ),
      ...(increment.kind === "sync-token" ? [] : queryProblems(name, resource, increment)),
      ...(increment.kind === "feed"
        ? feedProblems(name, increment, resource.everyMs, fixtures.resources[name]?.feed ?? null)
        : []),
    ];
  });

type ByTime = Exclude<Increment, { kind: "sync-token" }>;

function queryProblems(name: string, { page }: ResourceDriver, increment: ByTime): string[] {
  // Some pages ask for their time by themselves: windows, and the variables of a GraphQL query.
  const asked = (sinceMs: number) => ({
    ...increment.query(sinceMs),
    page: JSON.stringify(page.request(null, { sinceMs, untilMs: sinceMs + dayMs })),
  });
  const moment = fc.oneof(fc.constantFrom(0, 1, 999, 1000), fc.integer({ min: 0, max: 4_102_444_800_000 }));
  return [
    ...falsified(
      `${name}: the query for changes is well-formed`,
      fc.property(moment, (sinceMs) => {
        const query = Object.entries(asked(sinceMs));
        return query.length > 0 && query.every(([key, value]) => key.length > 0 && isQueryValue(value));
      }),
    ),
    ...unless(
      JSON.stringify(asked(1_790_000_000_000)) !== JSON.stringify(asked(1_780_000_000_000)),
      `${name}: the query for changes does not depend on the moment`,
    ),
  ];
}

function feedProblems(
  name: string,
  feed: FeedIncrement,
  everyMs: number,
  fixture: { readonly pages: readonly unknown[]; readonly touches: readonly string[] } | null,
): string[] {
  const items = thingsOf(feed, fixture?.pages ?? []);
  const unread = items.filter((item) => !feed.schema.safeParse(item).success).length;
  const touched = items.flatMap((item) =>
    feed.schema.safeParse(item).success ? feed.touches(feed.schema.parse(item)) : [],
  );
  return [
    ...unless(
      /^\/[^?#\s]*$/.test(feed.path),
      `${name}: the feed's path "${feed.path}" does not begin with a slash, or holds a query`,
    ),
    ...unless(feed.reachMs >= 2 * (everyMs + feed.overlapMs), `${name}: the feed forgets before it is looked at again`),
    ...unless(unread === 0, `${name}: ${unread} items of the feed do not parse`),
    ...unless(
      JSON.stringify([...new Set(touched)].toSorted()) === JSON.stringify([...(fixture?.touches ?? [])].toSorted()),
      `${name}: the feed names ${[...new Set(touched)].toSorted().join(", ") || "nothing"}`,
    ),
    ...falsified(
      `${name}: no item of the feed crashes`,
      fc.property(anyJson, (item) => {
        const parsed = feed.schema.safeParse(item);
        return !parsed.success || thrownBy(() => feed.touches(parsed.data)) === null;
      }),
    ),
  ];
}
