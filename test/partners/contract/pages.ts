import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import { PageShapeError } from "../../../lib/engine/pages/page-strategy.ts";
import { pageRequest } from "../../../lib/engine/page-request.ts";
import type { PageCall, PageStrategy } from "../../../lib/engine/pages/page-strategy.ts";
import { urlFor } from "../../../lib/engine/request-url.ts";
import type { Cursor } from "../../../lib/engine/run.ts";
import { childLists } from "./children.ts";
import { unless } from "./identity.ts";
import { changed, pathsIn } from "./json-paths.ts";
import { anyJson, falsified } from "./subject.ts";
import type { Check, Subject } from "./subject.ts";

/** A list or a feed of a driver: both are walked by pages. */
interface Walkable {
  readonly name: string;
  readonly path: string;
  readonly page: PageStrategy;
  readonly pages: readonly unknown[];
}

/** The recorded walk is walked to its end, each page asked for in another way, and nothing on the way is lost. */
export const checkPages: Check = (subject) => [
  ...walkables(subject).flatMap((walkable) => walkProblems(subject.driver, walkable)),
  ...Object.entries(subject.driver.resources).flatMap(([name, { increment }]) =>
    unless(
      (increment?.kind === "feed") === ((subject.fixtures.resources[name]?.feed ?? null) !== null),
      `${name}: a feed and its fixtures do not go together`,
    ),
  ),
];

/** Whatever a partner answers, `read` gives a page or a PageShapeError, and no walk asks the same again and again. */
export const checkPagesEnd: Check = (subject) =>
  [...walkables(subject), ...childLists(subject)].flatMap((walkable) => {
    const damaged = fc
      .constantFrom(...walkable.pages)
      .chain((page) =>
        fc.tuple(fc.constantFrom(...pathsIn(page)), anyJson).map(([path, value]) => changed(page, path, () => value)),
      );
    const body = fc.oneof(fc.constantFrom(...walkable.pages), damaged, anyJson);
    const bodies = fc.array(body, { minLength: 1, maxLength: 5 });
    return falsified(
      `${walkable.name}: a walk ends, or goes on to new pages`,
      fc.property(bodies, fc.nat(), (answers, salt) => !runsInCircles(subject.driver, walkable, answers, salt)),
      300,
    );
  });

function walkables({ driver, fixtures }: Subject): Walkable[] {
  return Object.entries(driver.resources).flatMap(([name, { path, page, increment }]) => {
    const own = fixtures.resources[name];
    const list = { name, path, page, pages: own?.pages ?? [] };
    if (increment?.kind !== "feed") return [list];
    return [list, { name: `${name} feed`, path: increment.path, page: increment.page, pages: own?.feed?.pages ?? [] }];
  });
}

function walkProblems(driver: PartnerDriver, { name, path, page, pages }: Walkable): string[] {
  if (pages.length === 0) return [`${name}: no pages among the fixtures`];
  const problems: string[] = [];
  const calls = new Set<string>();
  let cursor: Cursor | null = null;
  for (const [index, body] of pages.entries()) {
    const where = `${name} page ${index}`;
    const call = page.request(cursor);
    problems.push(...callProblems(driver, where, path, call));
    calls.add(JSON.stringify(call));
    const { items, next } = page.read(body, cursor);
    problems.push(...unless(items.length > 0 || next === null, `${where}: has no items and is not the last`));
    problems.push(
      ...unless(
        (next === null) === (index === pages.length - 1),
        `${where}: the walk ends at another page than the fixtures`,
      ),
    );
    problems.push(
      ...unless(
        isDeepStrictEqual(JSON.parse(JSON.stringify(next)), next),
        `${where}: the cursor changes when it is stored as JSON`,
      ),
    );
    cursor = next;
  }
  return [...problems, ...unless(calls.size === pages.length, `${name}: two pages are asked for in the same way`)];
}

function callProblems(driver: PartnerDriver, where: string, path: string, call: PageCall): string[] {
  const request = pageRequest(path, {}, call);
  const url = urlFor(driver, request);
  return [
    ...unless(
      url !== null && url.length <= 4096,
      `${where}: is asked for at no URL of the partner, or at one that is too long`,
    ),
    ...Object.entries(request.query).flatMap(([key, value]) =>
      unless(isQueryValue(value), `${where}: the query's ${key} is "${value}"`),
    ),
  ];
}

export function isQueryValue(value: string): boolean {
  return value.length > 0 && value.length <= 2048 && !/^(undefined|null|NaN|-?Infinity|\[object .*)$/.test(value);
}

const callsMax = 100;
/** A circle is noticed after some times around; a walk without that would repeat each call far more often. */
const repeatsMax = 6;

/** Walks a partner whose answers depend on nothing but the call; true when the walk keeps asking what it has asked. */
function runsInCircles(
  driver: PartnerDriver,
  { path, page }: Walkable,
  answers: readonly unknown[],
  salt: number,
): boolean {
  const asked = new Map<string, number>();
  let cursor: Cursor | null = null;
  for (let calls = 0; calls < callsMax; calls++) {
    const call = page.request(cursor);
    const text = JSON.stringify(call);
    const times = (asked.get(text) ?? 0) + 1;
    if (times > repeatsMax) return true;
    asked.set(text, times);
    // A next link to somebody else's host is refused before it is followed, which ends the walk.
    if (call.kind === "url" && urlFor(driver, { method: "GET", path: call.url, query: {}, endpoint: path }) === null)
      return false;
    try {
      cursor = page.read(answers[hashOf(text, salt) % answers.length], cursor).next;
    } catch (error) {
      if (error instanceof PageShapeError) return false;
      throw error;
    }
    if (cursor === null) return false;
  }
  return false;
}

function hashOf(text: string, salt: number): number {
  let hash = salt >>> 0;
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) >>> 0;
  return hash;
}
