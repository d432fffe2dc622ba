import * as fc from "fast-check";
import { digestOf } from "../../../lib/engine/canonical.ts";
import { dataFailure } from "../../../lib/engine/data-failure.ts";
import type { PartnerDriver, ResourceDriver } from "../../../lib/engine/define-partner.ts";
import { unless } from "./identity.ts";
import { changed, pathsIn, without } from "./json-paths.ts";
import type { JsonPath } from "./json-paths.ts";
import { eachThing, thingsOf } from "./resources.ts";
import { anyJson, falsified, thrownBy } from "./subject.ts";
import type { Check } from "./subject.ts";

/** A thing without a field that it needs is a data failure which names the field. */
export const checkRequired: Check = (subject) => {
  const { driver, fixtures } = subject;
  const undeclared = Object.keys(driver.resources).flatMap((name) =>
    unless((fixtures.resources[name]?.required ?? []).length > 0, `${name}: no field is declared as required`),
  );
  const laxity = eachThing(subject, (name, resource, raw, index) =>
    (fixtures.resources[name]?.required ?? []).flatMap((dotted) => {
      const problem = missingProblem(driver, resource, raw, dotted.split("."));
      return problem === null ? [] : [`${name} ${index}: ${problem}`];
    }),
  );
  return [...undeclared, ...laxity];
};

/** Any one field missing, at any depth: a record, or a data failure that names the field. Never a crash. */
export const checkMissing: Check = (subject) =>
  eachThing(subject, (name, resource, raw, index) =>
    pathsIn(raw).flatMap((path) => {
      const damaged = without(raw, path);
      const parsed = resource.schema.safeParse(damaged);
      const where = `${name} ${index} without ${path.join(".")}`;
      if (parsed.success) return crashProblem(where, resource, parsed.data);
      return unless(namesField(parsed.error.issues, path), `${where}: the failure does not name the field`);
    }),
  );

/** Any value of any kind at any place, and any JSON at all: a record, or a data failure. Never a crash. */
export const checkDamaged: Check = ({ driver, fixtures }) =>
  Object.entries(driver.resources).flatMap(([name, resource]) => {
    const things = thingsOf(resource, fixtures.resources[name]?.pages ?? []);
    const damaged = fc
      .constantFrom(...things)
      .chain((raw) =>
        fc.tuple(fc.constantFrom(...pathsIn(raw)), strange).map(([path, value]) => changed(raw, path, () => value)),
      );
    const holds = (raw: unknown): boolean => {
      const parsed = resource.schema.safeParse(raw);
      return !parsed.success || crashProblem(name, resource, parsed.data).length === 0;
    };
    return [
      ...falsified(`${name}: a damaged thing does not crash`, fc.property(damaged, holds), 1_000),
      ...falsified(`${name}: no JSON crashes`, fc.property(anyJson, holds), 200),
    ];
  });

const strange = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    "",
    " ",
    "0",
    "null",
    0,
    -1,
    1.5,
    2 ** 53,
    1e308,
    true,
    false,
    [],
    {},
    [null],
    "x".repeat(10_000),
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ unit: "binary" }),
  anyJson,
);

function missingProblem(driver: PartnerDriver, resource: ResourceDriver, raw: unknown, path: JsonPath): string | null {
  const parsed = resource.schema.safeParse(without(raw, path));
  if (parsed.success) return `a thing without ${path.join(".")} is taken`;
  const failure = dataFailure(driver, "bad-record", "a thing", parsed.error);
  return failure.kind === "data" && failure.message.includes(path.join("."))
    ? null
    : `the failure does not name ${path.join(".")}: ${failure.message}`;
}

/** The field itself or what it is part of: a list's length, or the choice between two forms. */
function namesField(issues: readonly { readonly path: readonly PropertyKey[] }[], path: JsonPath): boolean {
  return issues.some(
    (issue) => issue.path.every((key, depth) => key === path[depth]) && issue.path.length >= path.length - 1,
  );
}

function crashProblem(where: string, resource: ResourceDriver, parsed: unknown): string[] {
  const thrown = thrownBy(() => {
    const id = resource.id(parsed);
    if (typeof id !== "string" || id.length === 0) throw new Error("the id is no text");
    resource.version?.(parsed);
    if (resource.gone?.(parsed) === true) return;
    const record = resource.model.schema.safeParse(resource.toRecord(parsed));
    if (record.success) digestOf(record.data);
  });
  return thrown === null ? [] : [`${where}: crashes with ${thrown}`];
}
