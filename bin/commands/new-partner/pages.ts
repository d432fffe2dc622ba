import type { PageKind, PartnerChoices } from "./choices.ts";
import { dashed } from "./names.ts";

export interface PagesTemplate {
  readonly module: string;
  readonly maker: string;
  /** The strategy's options, as code. */
  readonly options: string;
  /** How the docs page says it. */
  readonly words: string;
  /** A page of the fixtures; `next` is where the following one is, null on the last. */
  page(things: readonly unknown[], total: number, next: string | null): Readonly<Record<string, unknown>>;
}

const limit = 'limit: { parameter: "limit", size: 100 }';

export const pagesTemplates: Readonly<Record<PageKind, PagesTemplate>> = {
  keyset: {
    module: "keyset",
    maker: "keysetPages",
    options: `{ items: "data", more: "has_more", id: "id", after: "after", ${limit} }`,
    words: "`after` the last id, until `has_more` is false",
    page: (data, _total, next) => ({ data, has_more: next !== null }),
  },
  offset: {
    module: "offset",
    maker: "offsetPages",
    options: `{ items: "results", total: "total", skip: "offset", ${limit} }`,
    words: "`offset` and `limit`, until as many as `total` have come",
    page: (results, total) => ({ results, total }),
  },
  "next-link": {
    module: "next-link",
    maker: "nextLinkPages",
    options: `{ items: "results", next: "next", total: "count", ${limit} }`,
    words: "each page names the next one's URL in `next`",
    page: (results, count, next) => ({ count, next, results }),
  },
};

/** Two pages of things, as one walk through the list gets them. */
export function examplePages(choices: PartnerChoices, things: readonly unknown[]): readonly unknown[] {
  const template = pagesTemplates[choices.pages];
  const next = `${choices.baseUrl}/${dashed(choices.resource)}?limit=100&page=2`;
  const middle = Math.ceil(things.length / 2);
  return [
    template.page(things.slice(0, middle), things.length, next),
    template.page(things.slice(middle), things.length, null),
  ];
}
