type Fields = Readonly<Record<string, unknown>>;

/**
 * A copy without what nobody needs. Paths are names joined by dots, below the given fields; a list on the way stands for each
 * of its entries. What is not there is not missed.
 *
 * @example dropFields({ guest: { passport: "…", name: "Ada" } }, ["guest.passport"]) // { guest: { name: "Ada" } }
 */
export function dropFields(fields: Fields, paths: readonly string[]): Fields {
  return paths.reduce<Fields>((kept, path) => withoutPath(kept, path.split(".")), fields);
}

function withoutPath(fields: Fields, [name = "", ...rest]: readonly string[]): Fields {
  const kept = Object.entries(fields).flatMap(([key, inner]) => {
    if (key !== name) return [[key, inner] as const];
    return rest.length === 0 ? [] : [[key, within(inner, rest)] as const];
  });
  return Object.fromEntries(kept);
}

function within(value: unknown, path: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((entry) => within(entry, path));
  if (typeof value !== "object" || value === null) return value;
  return withoutPath(Object.fromEntries(Object.entries(value)), path);
}
