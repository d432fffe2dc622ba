import type { Cursor } from "../run.ts";

/** How a partner cuts a list into pages: pure, its state a small serialisable cursor. */
export interface PageStrategy {
  /** The query (or the whole URL, or a body) of the page at a cursor; null is the first page. */
  request(cursor: Cursor | null, span?: Span): PageCall;
  /** What an answer holds. Throws `PageShapeError` when the answer is not a page. */
  read(body: unknown, cursor: Cursor | null, span?: Span): PageContent;
  /** Its pages never name everything that there is, so that what they leave out says nothing. */
  readonly isPartial?: true;
}

/** Of which time a run asks for changes. */
export interface Span {
  /** null: everything. */
  readonly sinceMs: number | null;
  /** When the run began. */
  readonly untilMs: number;
}

/** What is asked for when nobody says. */
export const everything: Span = { sinceMs: null, untilMs: 0 };

export type PageCall =
  | { readonly kind: "query"; readonly query: Readonly<Record<string, string>> }
  | { readonly kind: "url"; readonly url: string }
  /** Sent by POST, as JSON. */
  | { readonly kind: "body"; readonly body: Readonly<Record<string, unknown>> };

export interface PageContent {
  readonly items: readonly unknown[];
  /** null: this was the last page. */
  readonly next: Cursor | null;
  /** What the partner says there is in all; null where it does not say. */
  readonly total: number | null;
  /** Called when the page's things are saved, before the next page. */
  readonly acknowledge?: Acknowledgement;
  /** On a last page: what the next import of changes starts from. */
  readonly syncToken?: string;
}

export interface Acknowledgement {
  readonly method: "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
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
