import type { PageCall, PageStrategy, Span } from "../../../lib/engine/pages/page-strategy.ts";
import type { Cursor } from "../../../lib/engine/run.ts";

/** Walks a partner to its end, the cursor stored as JSON between two pages; gives up where no finite partner is. */
export function walkCalls(
  pages: PageStrategy,
  answer: (call: PageCall) => unknown,
  span?: Span,
  from: Cursor | null = null,
): { readonly items: readonly unknown[]; readonly calls: number; readonly syncToken: string | undefined } {
  const items: unknown[] = [];
  let cursor = from;
  for (let calls = 1; calls <= 10_000; calls += 1) {
    const content = pages.read(answer(pages.request(cursor, span)), cursor, span);
    items.push(...content.items);
    if (content.next === null) return { items, calls, syncToken: content.syncToken };
    // What a store gives back is what it was given.
    cursor = JSON.parse(JSON.stringify(content.next)) as Cursor;
  }
  throw new Error("the walk did not end");
}

export function walkPages(
  pages: PageStrategy,
  answer: (query: Readonly<Record<string, string>>) => unknown,
  span?: Span,
  from: Cursor | null = null,
): ReturnType<typeof walkCalls> {
  const byQuery = (call: PageCall): unknown => {
    if (call.kind !== "query") throw new Error("expected a query");
    return answer(call.query);
  };
  return walkCalls(pages, byQuery, span, from);
}
