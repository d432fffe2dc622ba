import * as z from "zod";

type State = Readonly<Record<string, unknown>>;
export type Fits = (state: State) => boolean;

const Scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const field = z.string().regex(/^[A-Za-z_][\w.]{0,80}$/);

/** open-api-docs.guesty.com/docs/how-to-search-for-reservations, "The Anatomy of a Filtered Query". */
const Filter = z.discriminatedUnion("operator", [
  z.strictObject({ field, operator: z.enum(["$eq", "$not", "$gt", "$gte", "$lt", "$lte"]), value: Scalar }),
  z.strictObject({ field, operator: z.enum(["$in", "$nin"]), value: z.array(Scalar).max(1_000) }),
  z.strictObject({
    field,
    operator: z.literal("$between"),
    value: z.strictObject({ from: Scalar, to: Scalar }),
  }),
]);
type Filter = z.infer<typeof Filter>;

/** The query's `filters`: a JSON array of which all have to hold. Null when it is none. */
export function parseFilters(text: string): Fits | null {
  const filters = z.array(Filter).max(50).safeParse(parseJson(text));
  if (!filters.success) return null;
  return (state) => filters.data.every((filter) => fits(filter, memberAt(state, filter.field)));
}

function fits(filter: Filter, actual: unknown): boolean {
  switch (filter.operator) {
    case "$eq":
      return actual === filter.value;
    case "$not":
      return actual !== filter.value;
    case "$in":
      return filter.value.some((value) => value === actual);
    case "$nin":
      return !filter.value.some((value) => value === actual);
    case "$between":
      return (
        order(actual, filter.value.from, (sign) => sign >= 0) && order(actual, filter.value.to, (sign) => sign <= 0)
      );
    case "$gt":
      return order(actual, filter.value, (sign) => sign > 0);
    case "$gte":
      return order(actual, filter.value, (sign) => sign >= 0);
    case "$lt":
      return order(actual, filter.value, (sign) => sign < 0);
    case "$lte":
      return order(actual, filter.value, (sign) => sign <= 0);
  }
}

function order(actual: unknown, value: unknown, holds: (sign: number) => boolean): boolean {
  const sign = compare(actual, value);
  return sign !== null && holds(sign);
}

/** Times as times, whatever their form; null for what cannot be compared. */
export function compare(left: unknown, right: unknown): number | null {
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (typeof left !== "string" || typeof right !== "string") return null;
  const [leftMs, rightMs] = [timeIn(left), timeIn(right)];
  if (leftMs !== null && rightMs !== null) return leftMs - rightMs;
  return left < right ? -1 : Number(left > right);
}

function timeIn(text: string): number | null {
  return /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(text) ? Date.parse(text) : null;
}

/** The member at a dotted path. */
export function memberAt(state: State, path: string): unknown {
  let value: unknown = state;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = new Map<string, unknown>(Object.entries(value)).get(key);
  }
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
