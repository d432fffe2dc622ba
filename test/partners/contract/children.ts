import type { ChildAsk, ChildDriver, PartnerDriver } from "../../../lib/engine/define-partner.ts";
import type { PageStrategy } from "../../../lib/engine/pages/page-strategy.ts";
import { memberAt } from "../../../lib/engine/pages/shape.ts";
import { urlFor } from "../../../lib/engine/request-url.ts";
import { unless } from "./identity.ts";
import { thingsOf } from "./resources.ts";
import { thrownBy } from "./subject.ts";
import type { Check, Subject } from "./subject.ts";

/** An id with everything in it that a path or a query could trip over. */
const awkwardId = "a b/c?d&e,f";
/** Longer ones are cut off by many a server: https://www.rfc-editor.org/rfc/rfc9110#section-4.1 */
const urlCharsMax = 8_000;
/** As long as a UUID, and a bit. */
const idChars = 40;

/** Children are asked for by their parents' ids: each parent's own list, or a batch that is filtered and says whose each item is. */
export const checkChildren: Check = (subject) => {
  const { driver } = subject;
  const named = relationsOf(driver);
  const nobodys = Object.entries(driver.resources).filter(
    ([name, { isChildOnly }]) => isChildOnly === true && !named.some(({ child }) => child.resource === name),
  );
  return [
    ...named.flatMap((relation) => relationProblems(subject, relation)),
    ...nobodys.map(([name]) => `${name}: has no list of its own, and no resource names it as its children`),
    ...circlesOf(driver).map((circle) => `${circle}: children that are their own parents are fetched in a circle`),
  ];
};

interface Relation {
  readonly parent: string;
  readonly child: ChildDriver;
}

function relationsOf({ resources }: PartnerDriver): readonly Relation[] {
  return Object.entries(resources).flatMap(([parent, { children = [] }]) =>
    children.map((child) => ({ parent, child })),
  );
}

function relationProblems(subject: Subject, { parent, child }: Relation): readonly string[] {
  const { driver } = subject;
  const { ask, resource } = child;
  const where = `${resource} of ${parent}`;
  const siblings = (driver.resources[parent]?.children ?? []).filter((each) => each.resource === resource);
  return [
    ...unless(siblings.length === 1, `${where}: is named ${siblings.length} times`),
    ...(ask.kind === "each" ? eachProblems(ask).map((problem) => `${where}: ${problem}`) : []),
    ...(ask.kind === "batch" ? batchProblems(subject, resource, ask).map((problem) => `${where}: ${problem}`) : []),
  ];
}

function eachProblems(ask: Extract<ChildAsk, { kind: "each" }>): readonly string[] {
  const encoded = encodeURIComponent(awkwardId);
  let path = "";
  const thrown = thrownBy(() => {
    path = ask.path(encoded);
  });
  if (thrown !== null) return [`the path cannot be made: ${thrown}`];
  return [
    ...unless(/^\/[^?#\s]*$/.test(path), `path "${path}" does not begin with a slash, or holds a query`),
    ...unless(path.includes(encoded), "the path does not hold the encoded id as it was given"),
    // Endpoint limits count by this template.
    ...unless(ask.path("{id}") === path.replaceAll(encoded, "{id}"), "the path depends on more than the id"),
  ];
}

function batchProblems(
  { driver, fixtures }: Subject,
  child: string,
  ask: Extract<ChildAsk, { kind: "batch" }>,
): readonly string[] {
  const ids = Array.from({ length: ask.idsMax }, (_, index) => `id${index}`.padEnd(idChars, "0"));
  const request = { method: "GET", path: ask.path, query: ask.query(ids), endpoint: "" } as const;
  const urlChars = (urlFor(driver, request) ?? "").length;
  const named = Object.values(ask.query([awkwardId, ...ids.slice(1)])).join(" ");
  const missing = [awkwardId, ...ids.slice(1)].filter((id) => !named.includes(id));
  const resource = driver.resources[child];
  const things = resource === undefined ? [] : thingsOf(resource, fixtures.resources[child]?.pages ?? []);
  const strays = things.filter((thing) => !["string", "number"].includes(typeof memberAt(thing, ask.parentId)));
  return [
    ...unless(/^\/[^?#\s]*$/.test(ask.path), `path "${ask.path}" does not begin with a slash, or holds a query`),
    ...unless(missing.length === 0, `of ${ask.idsMax} ids ${missing.length} are not in the query, or not as they are`),
    ...unless(urlChars <= urlCharsMax, `${ask.idsMax} ids make an address of ${urlChars} characters; take fewer`),
    ...unless(strays.length === 0, `${strays.length} of ${things.length} fixtures name no parent at "${ask.parentId}"`),
  ];
}

/** Their lists, to be walked: what is recorded of the children themselves serves as answers. */
export function childLists({ driver, fixtures }: Subject): readonly {
  readonly name: string;
  readonly path: string;
  readonly page: PageStrategy;
  readonly pages: readonly unknown[];
}[] {
  return relationsOf(driver).flatMap(({ parent, child: { resource, ask } }) => {
    if (ask.kind === "one") return [];
    const path = ask.kind === "each" ? ask.path("1") : ask.path;
    return [
      { name: `${resource} of ${parent}`, path, page: ask.page, pages: fixtures.resources[resource]?.pages ?? [] },
    ];
  });
}

/** Ways from a resource over its children back to itself. */
function circlesOf({ resources }: PartnerDriver): readonly string[] {
  const reach = (name: string, way: readonly string[]): readonly string[] => {
    if (way.includes(name)) return way[0] === name ? [[...way, name].join(" → ")] : [];
    return (resources[name]?.children ?? []).flatMap(({ resource }) => reach(resource, [...way, name]));
  };
  return Object.keys(resources).flatMap((name) => reach(name, []));
}
