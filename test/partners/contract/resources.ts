import type { ResourceDriver } from "../../../lib/engine/define-partner.ts";
import { digestOf } from "../../../lib/engine/canonical.ts";
import { dropFields } from "../../../lib/engine/drop-fields.ts";
import * as fc from "fast-check";
import * as z from "zod";
import { unless } from "./identity.ts";
import { reordered } from "./json-paths.ts";
import { isDeepStrictEqual } from "node:util";
import { anyJson, falsified } from "./subject.ts";
import type { Check, Subject } from "./subject.ts";

/** A record's bound in its table, less room for keys and marks: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const recordBytesMax = 380_000;

/** Every fixture parses, maps into the model with a text for an id, and has one digest whatever order its keys come in. */
export const checkMapping: Check = (subject) =>
  eachThing(subject, (name, resource, raw, index) => {
    const where = `${name} ${index}`;
    const mapped = mapThing(resource, raw);
    if (mapped.kind === "bad") return [`${where}: ${mapped.why}`];
    const again = mapThing(resource, reordered(raw));
    return [
      ...unless(mapped.id.length > 0 && mapped.id.length <= 255, `${where}: the id is empty or too long`),
      ...unless(
        again.kind === "mapped" && digestOf(again.data) === digestOf(mapped.data),
        `${where}: the digest depends on the order of keys`,
      ),
      ...unless(
        isDeepStrictEqual(JSON.parse(JSON.stringify(mapped.data)), mapped.data),
        `${where}: the record changes when it is stored as JSON`,
      ),
      ...unless(
        JSON.stringify(mapped.data).length <= recordBytesMax,
        `${where}: the record is too large for its table`,
      ),
      ...unless(resource.gone?.(mapped.parsed) !== true, `${where}: is taken for gone`),
      ...unless(Number.isFinite(resource.version?.(mapped.parsed) ?? 0), `${where}: version is no number`),
    ];
  });

/** Two things of one list have two ids: one id for all would leave a single record. */
export const checkIds: Check = ({ driver, fixtures }) =>
  Object.entries(driver.resources).flatMap(([name, resource]) => {
    const ids = thingsOf(resource, fixtures.resources[name]?.pages ?? []).map((raw) =>
      resource.id(resource.schema.parse(raw)),
    );
    return [
      ...unless(ids.length >= 2, `${name}: fewer than two things among the fixtures`),
      ...unless(
        ids.every((id) => typeof id === "string"),
        `${name}: an id is no text`,
      ),
      ...unless(new Set(ids).size === ids.length, `${name}: two things have one id`),
    ];
  });

/** A field that nobody has heard of is kept, with whatever is in it. */
export const checkExtraSurvives: Check = (subject) =>
  firstThings(subject).flatMap(([name, resource, raw]) => {
    const unknown = fc.tuple(fc.stringMatching(/^zz_[a-z]{1,10}$/), anyJson);
    return falsified(
      `${name}: an unknown field survives in \`extra\``,
      fc.property(unknown, ([key, value]) => {
        const mapped = mapThing(resource, { ...raw, [key]: value });
        if (mapped.kind === "bad") throw new Error(mapped.why);
        const { extra } = mapped.data;
        return (
          typeof extra === "object" &&
          extra !== null &&
          isDeepStrictEqual(Object.entries(extra).find(([name]) => name === key)?.[1], value)
        );
      }),
    );
  });

/** A field that is not to be kept is one that the partner sends: a misspelt path would keep it, and nobody would know. */
export const checkDrops: Check = (subject) =>
  Object.entries(subject.driver.resources).flatMap(([name, resource]) =>
    (resource.drop ?? []).flatMap((path) => {
      const things = thingsOf(resource, subject.fixtures.resources[name]?.pages ?? []);
      const isSent = things.some((raw) => {
        const mapped = mapThing(resource, raw);
        const extra = z
          .record(z.string(), z.unknown())
          .safeParse(mapped.kind === "mapped" ? mapped.data["extra"] : null);
        return extra.success && !isDeepStrictEqual(dropFields(extra.data, [path]), extra.data);
      });
      return unless(isSent, `${name}: drop names ${path}, which no fixture has in \`extra\``);
    }),
  );

/** What says that a thing is gone still says which. */
export const checkGone: Check = ({ driver, fixtures }) =>
  Object.entries(driver.resources).flatMap(([name, resource]) => {
    const gone = fixtures.resources[name]?.gone ?? [];
    return [
      ...unless(
        (resource.gone === undefined) === (gone.length === 0),
        `${name}: \`gone\` and its fixtures do not go together`,
      ),
      ...gone.flatMap((raw) => {
        const parsed = resource.schema.safeParse(raw);
        if (!parsed.success) return [`${name}: an answer that says "gone" does not parse`];
        return [
          ...unless(resource.gone?.(parsed.data) === true, `${name}: an answer that says "gone" is not taken for it`),
          ...unless(resource.id(parsed.data).length > 0, `${name}: an answer that says "gone" has no id`),
        ];
      }),
    ];
  });

type Mapped =
  | {
      readonly kind: "mapped";
      readonly id: string;
      readonly parsed: unknown;
      readonly data: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: "bad"; readonly why: string };

/** As an import does it: schema, id, map, model. */
export function mapThing(resource: ResourceDriver, raw: unknown): Mapped {
  const parsed = resource.schema.safeParse(raw);
  if (!parsed.success) return { kind: "bad", why: `does not parse: ${describe(parsed.error)}` };
  const record = resource.model.schema.safeParse(resource.toRecord(parsed.data));
  if (!record.success)
    return { kind: "bad", why: `does not fit the model ${resource.model.name}: ${describe(record.error)}` };
  // Every model is an object schema; its output is therefore a record of fields.
  return {
    kind: "mapped",
    id: resource.id(parsed.data),
    parsed: parsed.data,
    data: record.data as Readonly<Record<string, unknown>>,
  };
}

function describe(error: {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}): string {
  return error.issues.map((issue) => `${issue.path.map(String).join(".")}: ${issue.message}`).join("; ");
}

/** The items of a walk's pages, as the driver's own page strategy reads them. */
export function thingsOf(resource: Pick<ResourceDriver, "page">, pages: readonly unknown[]): unknown[] {
  let cursor: Parameters<ResourceDriver["page"]["read"]>[1] = null;
  return pages.flatMap((page) => {
    const content = resource.page.read(page, cursor);
    cursor = content.next;
    return content.items;
  });
}

export function eachThing(
  subject: Subject,
  look: (name: string, resource: ResourceDriver, raw: unknown, index: number) => readonly string[],
): string[] {
  return Object.entries(subject.driver.resources).flatMap(([name, resource]) =>
    thingsOf(resource, subject.fixtures.resources[name]?.pages ?? []).flatMap((raw, index) =>
      look(name, resource, raw, index),
    ),
  );
}

function firstThings(subject: Subject): (readonly [string, ResourceDriver, object])[] {
  return Object.entries(subject.driver.resources).flatMap(([name, resource]) => {
    const [first] = thingsOf(resource, subject.fixtures.resources[name]?.pages ?? []);
    return typeof first === "object" && first !== null ? [[name, resource, first] as const] : [];
  });
}
