import * as z from "zod";
import type { Page, PageRequest } from "../../engine/ports.ts";

/** The part that every list's query shares. */
export const pageFields = {
  limit: z
    .string()
    .regex(/^(?:[1-9][0-9]?|100)$/, "Must be a whole number from 1 to 100.")
    .transform(Number)
    .default(50),
  cursor: z.string().min(1).max(2_000).optional(),
};

export function pageRequestOf(query: { readonly limit: number; readonly cursor?: string | undefined }): PageRequest {
  return { limit: query.limit, cursor: query.cursor ?? null };
}

/** A list as the API shows it. */
export function pageOf<Item, View>(page: Page<Item>, view: (item: Item) => View): Page<View> {
  return { items: page.items.map(view), next: page.next, previous: page.previous, total: page.total };
}
