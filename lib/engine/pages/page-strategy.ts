import type { Cursor } from "../run.ts";

/** How a partner cuts a list into pages: pure, its state a small serialisable cursor. */
export interface PageStrategy {
  /** The query (or the whole URL, for next links) of the page at a cursor; null is the first page. */
  request(cursor: Cursor | null): PageCall;
  /** What an answer holds. Throws `PageShapeError` when the answer is not a page. */
  read(body: unknown, cursor: Cursor | null): PageContent;
}

export type PageCall =
  | { readonly kind: "query"; readonly query: Readonly<Record<string, string>> }
  | { readonly kind: "url"; readonly url: string };

export interface PageContent {
  readonly items: readonly unknown[];
  /** null: this was the last page. */
  readonly next: Cursor | null;
  /** What the partner says there is in all; null where it does not say. */
  readonly total: number | null;
}

/** The answer is no page of the form that the driver states: a data failure, with what was expected. */
export class PageShapeError extends Error {
  readonly expected: string;
  readonly actual: string;

  constructor(expected: string, actual: string) {
    super(`expected ${expected}, got ${actual}`);
    this.name = "PageShapeError";
    this.expected = expected;
    this.actual = actual;
  }
}
