import * as z from "zod";
import { slidingWindow } from "../../../lib/engine/gate/limit-declarations.ts";
import { acme } from "./acme.ts";
import {
  crashUnless,
  mapPerson,
  parsePerson,
  people,
  subject,
  withCredential,
  withIncrement,
  withPage,
  withPeople,
  withPeopleFixtures,
} from "./planted.ts";
import type { Fault } from "./planted.ts";

/** Faults in what is read: names, limits, records, pages, changes, errors. */
export const dataFaults: readonly Fault[] = [
  [
    "what is not kept is there to be left out",
    "a misspelt field that is not to be kept",
    /drop names pasport/,
    () => withPeople({ drop: ["pasport"] }),
  ],
  [
    "names, paths and URLs are well-formed",
    "a name in capitals",
    /name "Acme"/,
    () => subject({ driver: { name: "Acme" } }),
  ],
  [
    "names, paths and URLs are well-formed",
    "plain http",
    /baseUrl/,
    () => subject({ driver: { baseUrl: "http://api.acme.example" } }),
  ],
  [
    "names, paths and URLs are well-formed",
    "a slash at the base's end",
    /baseUrl/,
    () => subject({ driver: { baseUrl: "https://api.acme.example/" } }),
  ],
  [
    "names, paths and URLs are well-formed",
    "an id that is encoded twice",
    /onePath/,
    () => withPeople({ onePath: (id: string) => `/people/${encodeURIComponent(id)}` }),
  ],
  ["names, paths and URLs are well-formed", "a query in a path", /path "/, () => withPeople({ path: "/people?a=1" })],
  ["names, paths and URLs are well-formed", "polling every second", /everyMs/, () => withPeople({ everyMs: 1_000 })],
  [
    "names, paths and URLs are well-formed",
    "a resource without fixtures",
    /no fixtures/,
    () => subject({ fixtures: { resources: {} } }),
  ],
  [
    "credentials are taken whole and nothing else is",
    "a credential that takes anything",
    /unknown fields/,
    () => withCredential(z.looseObject({ key: z.string().min(1) })),
  ],
  [
    "credentials are taken whole and nothing else is",
    "a key that breaks the header",
    /break a header/,
    () => withCredential(z.strictObject({ key: z.string().min(1) })),
  ],
  [
    "credentials are taken whole and nothing else is",
    "a key that is not asked for",
    /lacks "secret"/,
    () => subject({ driver: { auth: { ...acme.auth, field: "secret" } } }),
  ],
  ["limits are sane", "no limit at all", /nothing bounds/, () => subject({ driver: { limits: [] } })],
  [
    "limits are sane",
    "seconds for milliseconds",
    /window/,
    () => subject({ driver: { limits: [slidingWindow({ per: "account", requests: 10, perMs: 1 })] } }),
  ],
  [
    "limits are sane",
    "more than all of it",
    /share/,
    () => subject({ driver: { limits: [slidingWindow({ per: "account", requests: 10, perMs: 1_000, share: 1.5 })] } }),
  ],
  [
    "limits are sane",
    "an endpoint above its account",
    /endpoint may take more/,
    () =>
      subject({ driver: { limits: [...acme.limits, slidingWindow({ per: "endpoint", requests: 50, perMs: 1_000 })] } }),
  ],
  [
    "limits are sane",
    "another limit than the fixture's",
    /other limits/,
    () => subject({ driver: { limitsFor: () => [slidingWindow({ per: "account", requests: 1, perMs: 1_000 })] } }),
  ],
  [
    "limits are sane",
    "a quota that any tenant may choose",
    /setting owner says whose it is/,
    () =>
      subject({
        driver: { quotaOwner: ({ settings }: { settings: Record<string, string> }) => settings["owner"] ?? "" },
      }),
  ],
  [
    "everything recorded parses and maps into its model",
    "a record that is no customer",
    /does not fit the model/,
    () => withPeople({ toRecord: () => ({}) }),
  ],
  [
    "everything recorded parses and maps into its model",
    "a digest of the order of keys",
    /order of keys/,
    () =>
      withPeople({
        toRecord: (raw: { tags: object[] }) => ({ ...mapPerson(raw), extra: { keys: Object.keys(raw.tags[0] ?? {}) } }),
      }),
  ],
  [
    "everything recorded parses and maps into its model",
    "an undefined in a record",
    /stored as JSON/,
    () => withPeople({ toRecord: (raw: object) => ({ ...mapPerson(raw), extra: { gap: undefined } }) }),
  ],
  [
    "everything recorded parses and maps into its model",
    "a version that is no number",
    /version/,
    () => withPeople({ version: () => Number.NaN }),
  ],
  [
    "everything recorded parses and maps into its model",
    "everything is gone",
    /taken for gone/,
    () => withPeople({ gone: () => true }),
  ],
  ["every thing has its own id", "one id for all", /two things have one id/, () => withPeople({ id: () => "1" })],
  [
    "unknown fields survive",
    "a schema that strips",
    /unknown field/,
    () => withPeople({ toRecord: (raw: object) => ({ ...mapPerson(raw), extra: {} }) }),
  ],
  [
    "what is gone is known to be gone",
    "a driver that sees nothing gone",
    /not taken for it/,
    () => withPeople({ gone: () => false }),
  ],
  [
    "what is gone is known to be gone",
    "gone without a fixture",
    /do not go together/,
    () => withPeopleFixtures({ gone: [] }),
  ],
  [
    "a required field that is missing is named",
    "a schema that asks for nothing",
    /without created is taken/,
    () => withPeople({ schema: parsePerson }),
  ],
  [
    "a required field that is missing is named",
    "a failure without a name",
    /does not name/,
    () => withPeople({ schema: z.unknown().refine((raw) => people.schema.safeParse(raw).success) }),
  ],
  [
    "any field that is missing is a record or a named failure",
    "a crash on a missing name",
    /without name: crashes/,
    () => withPeople({ toRecord: (raw: { name?: string }) => crashUnless(raw.name !== undefined, mapPerson(raw)) }),
  ],
  [
    "nothing that a partner sends crashes",
    "a crash on an unexpected kind",
    /damaged thing/,
    () => withPeople({ toRecord: (raw: { tags: unknown }) => crashUnless(Array.isArray(raw.tags), mapPerson(raw)) }),
  ],
  [
    "recorded pages are walked to the end",
    "a walk that stops early",
    /ends at another page/,
    () => withPage({ read: (body, cursor) => ({ ...people.page.read(body, cursor), next: null }) }),
  ],
  [
    "recorded pages are walked to the end",
    "every page asked for alike",
    /in the same way/,
    () => withPage({ request: () => people.page.request(null) }),
  ],
  [
    "recorded pages are walked to the end",
    "an undefined in a query",
    /query's after/,
    () => withPage({ request: (cursor) => ({ kind: "query", query: { after: String(cursor?.["nothing"]) } }) }),
  ],
  [
    "recorded pages are walked to the end",
    "a feed without a fixture",
    /feed and its fixtures/,
    () => withPeopleFixtures({ feed: null }),
  ],
  [
    "no pages are walked for ever",
    "a walk in circles",
    /a walk ends/,
    () => withPage({ read: (body) => ({ items: [], next: { after: JSON.stringify(body).slice(0, 5) }, total: null }) }),
  ],
  [
    "no pages are walked for ever",
    "a crash on what is no page",
    /a walk ends/,
    () => withPage({ read: (body, cursor) => people.page.read(z.looseObject({}).parse(body), cursor) }),
  ],
  [
    "changes are asked for",
    "a moment that is forgotten",
    /does not depend/,
    () => withIncrement({ query: () => ({ since: "0" }) }),
  ],
  [
    "changes are asked for",
    "a NaN in a query",
    /well-formed/,
    () => withIncrement({ query: (sinceMs: number) => ({ since: String(sinceMs / 0 - sinceMs / 0) }) }),
  ],
  ["changes are asked for", "a feed that names nothing", /names nothing/, () => withIncrement({ touches: () => [] })],
  ["changes are asked for", "a feed that forgets at once", /forgets/, () => withIncrement({ reachMs: 1_000 })],
  [
    "documented errors are taken for what they are",
    "a quota taken for a mistake",
    /"calm down" is taken for client/,
    () => subject({ driver: { failures: {} } }),
  ],
  [
    "documented errors are taken for what they are",
    "a code of another kind",
    /has the code other/,
    () => subject({ driver: { classify: () => ({ kind: "rate", code: "other" }) } }),
  ],
  [
    "any answer has a verdict",
    "a classify that trusts the body",
    /any answer has a verdict/,
    () => subject({ driver: { classify: trusting } }),
  ],
  [
    "any answer has a verdict",
    "a success taken for an error",
    /taken for an error/,
    () => subject({ driver: { classify: () => ({ kind: "client", code: "x" }) } }),
  ],
];

function trusting({
  body,
}: {
  readonly body: { readonly error?: { readonly code: string } } | null | undefined;
}): null {
  crashUnless(body?.error === undefined || body.error.code.length >= 0, body);
  return null;
}
