import type { ChildAsk, ChildDriver } from "../../../lib/engine/define-partner.ts";
import { acmeFixtures } from "./acme.ts";
import { people, subject } from "./planted.ts";
import type { Fault } from "./planted.ts";
import type { Subject } from "./subject.ts";

type Each = Extract<ChildAsk, { kind: "each" }>;
type Batch = Extract<ChildAsk, { kind: "batch" }>;

const each: Each = { kind: "each", path: (id) => `/people/${id}/pets`, page: people.page };
const batch: Batch = {
  kind: "batch",
  idsMax: 50,
  path: "/pets",
  page: people.page,
  query: (ids) => ({ owners: ids.join(",") }),
  parentId: "owner.id",
};
const pets = acmeFixtures.resources["people"];
const petPages = [
  {
    people: ["1", "2"].map((id) => ({ id, created: "2026-11-02T08:30:00.000Z", updatedMs: 1, owner: { id: 7 } })),
    more: false,
  },
];

/** Acme, if its people had pets. */
export function withPets(children: readonly ChildDriver[], more: object = {}): Subject {
  const resources = { people: { ...people, children }, pets: { ...people, path: "/pets", ...more } };
  const fixtures = { people: pets, pets: { ...pets, pages: petPages } };
  return subject({ driver: { resources }, fixtures: { resources: fixtures } });
}

export const withEach = (over: Partial<Each>): Subject => withPets([{ resource: "pets", ask: { ...each, ...over } }]);
export const withBatch = (over: Partial<Batch>): Subject =>
  withPets([{ resource: "pets", ask: { ...batch, ...over } }]);

const name = "children are asked for by their parents";

export const childFaults: readonly Fault[] = [
  [
    name,
    "an id that is encoded twice",
    /encoded id/,
    () => withEach({ path: (id) => `/people/${encodeURIComponent(id)}/pets` }),
  ],
  [name, "a query in the path", /holds a query/, () => withEach({ path: (id) => `/pets?owner=${id}` })],
  [name, "a path that is none", /cannot be made/, () => withEach({ path: (id) => decodeURIComponent(`${id}%`) })],
  [name, "another host", /slash/, () => withEach({ path: (id) => `https://elsewhere.example/${id}` })],
  [name, "a path by chance", /depends on more/, () => withEach({ path: (id) => `/people/${id}/pets/${id.length}` })],
  [name, "a batch that names one", /of 50 ids 49/, () => withBatch({ query: ([id = ""]) => ({ owners: id }) })],
  [name, "more ids than an address holds", /take fewer/, () => withBatch({ idsMax: 1_000 })],
  [name, "items that do not say whose they are", /2 of 2 fixtures/, () => withBatch({ parentId: "keeper" })],
  [name, "children that nobody has", /no resource names it/, () => withPets([], { isChildOnly: true })],
  [
    name,
    "children named twice",
    /named 2 times/,
    () => withPets([each, batch].map((ask) => ({ resource: "pets", ask }))),
  ],
  [
    name,
    "a circle",
    /people → pets → people/,
    () => withPets([{ resource: "pets", ask: each }], { children: [{ resource: "people", ask: { kind: "one" } }] }),
  ],
  [
    "no pages are walked for ever",
    "a parent's list that is walked in circles",
    /pets of people: a walk ends/,
    () => {
      const read: Each["page"]["read"] = (body) => ({
        items: [],
        next: { after: JSON.stringify(body).slice(0, 5) },
        total: null,
      });
      return withEach({ page: { ...people.page, read } });
    },
  ],
];
