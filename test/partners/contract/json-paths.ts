/** A place in JSON: keys of objects and indexes of lists. */
export type JsonPath = readonly (string | number)[];

/** Every place in a value, the deepest included, and not the value itself. */
export function pathsIn(value: unknown, at: JsonPath = []): JsonPath[] {
  if (typeof value !== "object" || value === null) return [];
  const members: [string | number, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return members.flatMap(([key, member]) => [[...at, key], ...pathsIn(member, [...at, key])]);
}

/** A copy without one place. */
export function without(value: unknown, path: JsonPath): unknown {
  return changed(value, path, () => undefined);
}

/** A copy with something else at one place; undefined takes it out. */
export function changed(value: unknown, path: JsonPath, change: (former: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return change(value);
  if (Array.isArray(value)) {
    const list: unknown[] = value.map((member: unknown, index) =>
      index === key ? changed(member, rest, change) : member,
    );
    return list.filter((member) => member !== undefined);
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, member]): [string, unknown] => [
    name,
    name === key ? changed(member, rest, change) : member,
  ]);
  return Object.fromEntries(entries.filter(([, member]) => member !== undefined));
}

/** A copy with every object's keys in the opposite order: the same JSON value. */
export function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, reordered(member)]),
  );
}
