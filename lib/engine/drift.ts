import { isField, mapsOf, parentOf, pathsMax } from "./shape.ts";
import type { JsonType, Shape, ShapeSeen } from "./shape.ts";

/** One way in which what a partner sends differs from what it sent before. No values. */
export interface Drift {
  readonly kind: "added" | "missing" | "retyped" | "refused";
  /** `harmless`: a field more. `notable`: one that was always there and is not. `breaking`: another type, or the schema refuses it. */
  readonly severity: "harmless" | "notable" | "breaking";
  readonly path: string;
  readonly before: readonly JsonType[];
  readonly after: readonly JsonType[];
}

/** Of fewer things it is chance what they have and have not. */
export const enoughItems = 10;

/**
 * What differs in things that were seen from the shape that is remembered. Null is how partners say "nothing": that it comes
 * or goes is no other type. Of what came or went as a whole only the top is named.
 *
 * @example
 * driftOf(shape, seen); // [{ kind: "retyped", severity: "breaking", path: "total", before: ["number"], after: ["string"] }]
 */
export function driftOf(shape: Shape, seen: ShapeSeen): readonly Drift[] {
  if (shape.items === 0) return [];
  const maps = mapsOf([...shape.paths.keys(), ...seen.paths()]);
  const own = (path: string): boolean => !maps.some((map) => isInside(map, path));
  const missing = [...shape.paths.keys()].filter((path) => own(path) && isMissing(shape, seen, path));
  const came = seen.paths().filter(own);
  return [
    ...came.filter((path) => isRetyped(shape, seen, path)).map((path) => drift("retyped", shape, seen, path)),
    ...missing.map((path) => drift("missing", shape, seen, path)),
    ...came.filter((path) => isAdded(shape, path)).map((path) => drift("added", shape, seen, path)),
  ];
}

const severities = { added: "harmless", missing: "notable", retyped: "breaking" } as const;

function drift(kind: keyof typeof severities, shape: Shape, seen: ShapeSeen, path: string): Drift {
  const before = shape.paths.get(path)?.types ?? [];
  return { kind, severity: severities[kind], path, before, after: [...seen.typesAt(path)].toSorted() };
}

/** Its parent is known and was an object before: a list's first entry and a null's first object are no news. */
function isAdded(shape: Shape, path: string): boolean {
  if (!isField(path) || shape.paths.has(path) || shape.paths.size >= pathsMax) return false;
  return shape.paths.get(parentOf(path) ?? "")?.types.includes("object") === true;
}

function isMissing(shape: Shape, seen: ShapeSeen, path: string): boolean {
  if (shape.items < enoughItems || shape.paths.get(path)?.always !== true) return false;
  return seen.chancesOf(path) >= enoughItems && seen.typesAt(path).size === 0;
}

function isRetyped(shape: Shape, seen: ShapeSeen, path: string): boolean {
  const before = (shape.paths.get(path)?.types ?? []).filter((type) => type !== "null");
  const after = [...seen.typesAt(path)].filter((type) => type !== "null");
  return before.length > 0 && after.some((type) => !before.includes(type));
}

function isInside(map: string, path: string): boolean {
  return map === "" ? path !== "" : path.startsWith(`${map}.`);
}
