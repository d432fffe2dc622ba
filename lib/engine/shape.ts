/**
 * What a partner's things look like: which paths there are, and of which JSON types. Never a value: keys that are no field's
 * names (ids, addresses) stand as `*`, and entries of lists as `[]`.
 */
export interface Shape {
  /** How many things were looked at; counted no further than a million. */
  readonly items: number;
  /** `guest.phones[]` and the like; the thing itself is `""`. */
  readonly paths: ReadonlyMap<string, PathShape>;
}

export interface PathShape {
  readonly types: readonly JsonType[];
  /** There in every object that could have it. */
  readonly always: boolean;
}

export const jsonTypes = ["array", "boolean", "null", "number", "object", "string"] as const;
export type JsonType = (typeof jsonTypes)[number];

/** A shape holds so many paths; what comes later is left out. */
export const pathsMax = 300;
const depthMax = 8;
const entriesMax = 10;
/** An object with more keys than a thing has fields is a map. */
const fieldsMax = 60;
const itemsMax = 1_000_000;

interface Seen {
  readonly types: Set<JsonType>;
  times: number;
  /** How often it was an object. */
  objects: number;
}

/** What was seen of things; its memory is bounded however many there are. */
export class ShapeSeen {
  items = 0;
  readonly #paths = new Map<string, Seen>();

  look(item: unknown): void {
    this.items += 1;
    this.#walk(item, "", 0);
  }

  paths(): readonly string[] {
    return [...this.#paths.keys()];
  }

  typesAt(path: string): ReadonlySet<JsonType> {
    return this.#paths.get(path)?.types ?? new Set();
  }

  /** How many objects were seen that could have the path. */
  chancesOf(path: string): number {
    return this.#paths.get(parentOf(path) ?? "")?.objects ?? 0;
  }

  isAlways(path: string): boolean {
    return isField(path) && this.#paths.get(path)?.times === this.chancesOf(path);
  }

  #walk(value: unknown, path: string, depth: number): void {
    const seen = this.#at(path);
    if (seen === null) return;
    const type = typeOf(value);
    seen.types.add(type);
    seen.times += 1;
    if (type === "object") seen.objects += 1;
    if (depth >= depthMax || typeof value !== "object" || value === null) return;
    if (Array.isArray(value)) {
      for (const entry of value.slice(0, entriesMax)) this.#walk(entry, `${path}[]`, depth + 1);
      return;
    }
    const entries = Object.entries(value);
    const isMap = entries.length > fieldsMax || entries.some(([key]) => !isFieldName(key));
    const bounded = isMap ? entries.slice(0, entriesMax) : entries;
    for (const [key, member] of bounded) this.#walk(member, join(path, isMap ? "*" : key), depth + 1);
  }

  #at(path: string): Seen | null {
    const known = this.#paths.get(path);
    if (known !== undefined) return known;
    if (this.#paths.size >= pathsMax) return null;
    const fresh: Seen = { types: new Set(), times: 0, objects: 0 };
    this.#paths.set(path, fresh);
    return fresh;
  }
}

/** The remembered shape with what was seen since: types are added and none is forgotten. */
export function learn(shape: Shape, seen: ShapeSeen): Shape {
  const paths = new Map(shape.paths);
  for (const [path, known] of shape.paths) {
    const stays = seen.chancesOf(path) === 0 || seen.isAlways(path);
    paths.set(path, { types: union(known.types, seen.typesAt(path)), always: known.always && stays });
  }
  for (const path of seen.paths()) {
    if (paths.has(path) || paths.size >= pathsMax) continue;
    // What comes later was not there before, so not always, unless nothing that could have it was.
    const always = seen.isAlways(path) && shape.paths.get(parentOf(path) ?? "")?.types.includes("object") !== true;
    paths.set(path, { types: union([], seen.typesAt(path)), always });
  }
  return { items: Math.min(itemsMax, shape.items + seen.items), paths };
}

export const noShape: Shape = { items: 0, paths: new Map() };

/** Of `guest.phones[]` it is `guest.phones`, of `guest` it is `""`, of that nothing. */
export function parentOf(path: string): string | null {
  if (path === "") return null;
  if (path.endsWith("[]")) return path.slice(0, -2);
  const dot = path.lastIndexOf(".");
  return dot === -1 ? "" : path.slice(0, dot);
}

/** An entry of a list or of a map is no field: there may be none. */
export function isField(path: string): boolean {
  return path !== "" && !path.endsWith("[]") && path !== "*" && !path.endsWith(".*");
}

/** Inside a map: its own keys are data, so that what one of them has says nothing of the others. */
export function mapsOf(paths: Iterable<string>): readonly string[] {
  const maps = new Set<string>();
  for (const path of paths) if (path === "*" || path.endsWith(".*")) maps.add(parentOf(path) ?? "");
  return [...maps];
}

/** A name that somebody gave a field, and no id, address or number that is used as a key. */
export function isFieldName(key: string): boolean {
  return /^[A-Za-z_$][\w$:-]{0,63}$/.test(key) && !/\d{4}/.test(key);
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function union(known: readonly JsonType[], more: ReadonlySet<JsonType>): readonly JsonType[] {
  return jsonTypes.filter((type) => known.includes(type) || more.has(type));
}

function typeOf(value: unknown): JsonType {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  const type = typeof value;
  return type === "boolean" || type === "number" || type === "object" ? type : "string";
}
