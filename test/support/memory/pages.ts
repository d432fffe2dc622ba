import { finishPage, planPage } from "../../../lib/engine/page-cursor.ts";
import type { Page, PageRequest } from "../../../lib/engine/ports.ts";

/** Cuts a page out of everything, as the stores' queries do; `ascending` is the list's own order of keys. */
export function pageOf<T>(
  all: readonly T[],
  keyOf: (value: T) => string,
  order: "ascending" | "descending",
  request: PageRequest,
): Page<T> {
  const plan = planPage(request);
  const rising = (order === "ascending") === (plan.direction === "next");
  const rows = all
    .map((value) => ({ key: keyOf(value), value: structuredClone(value) }))
    .toSorted((a, b) => (rising ? byBytes(a.key, b.key) : byBytes(b.key, a.key)))
    .filter(
      (row) => plan.after === null || (rising ? byBytes(row.key, plan.after) > 0 : byBytes(row.key, plan.after) < 0),
    );
  return finishPage(plan, rows.slice(0, plan.limit + 1), false, plan.total ?? all.length);
}

/** DynamoDB sorts strings by their UTF-8 bytes, JavaScript by UTF-16 units. */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
