import * as z from "zod";
import { finishPage, planPage } from "../../engine/page-cursor.ts";
import type { Page, PageRequest } from "../../engine/ports.ts";

/** The part that every list's query shares. */
export const pageFields = {
  limit: z
    .string()
    .regex(/^(?:[1-9][0-9]?|100)$/, "Must be a whole number from 1 to 100.")
    .transform(Number)
    .default(50),
  cursor: z.string().min(1).max(5_000).optional(),
};

export function pageRequestOf(query: { readonly limit: number; readonly cursor?: string | undefined }): PageRequest {
  return { limit: query.limit, cursor: query.cursor ?? null };
}

/** A list as the API shows it. */
export function pageOf<Item, View>(page: Page<Item>, view: (item: Item) => View): Page<View> {
  return { items: page.items.map(view), next: page.next, previous: page.previous, total: page.total };
}

/** Cuts a page out of a list that is small enough to be in memory whole; `keyOf` orders it, and is unique. */
export function pageOfAll<Item>(all: readonly Item[], keyOf: (item: Item) => string, request: PageRequest): Page<Item> {
  const plan = planPage(request);
  const rising = all
    .map((value) => ({ key: keyOf(value), value }))
    .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const { after } = plan;
  const rows =
    plan.direction === "next"
      ? rising.filter((row) => after === null || row.key > after)
      : rising.toReversed().filter((row) => after === null || row.key < after);
  return finishPage(plan, rows, false, all.length);
}
