import type { Reference } from "./journal-entry.ts";

/** What the outside has seen of one object. Revisions are distinct and in the order of their first showing. */
export interface ObjectFacts {
  /** In answers of 2xx that were written to their end, and in those of 404 or 410 that told of a deletion. */
  readonly served: readonly number[];
  /** In such answers, but as a snapshot inside something else (an event of the events list). */
  readonly servedAsSnapshot: readonly number[];
  /** In webhooks that were answered with a 2xx. */
  readonly delivered: readonly number[];
  /** Begun to be served when the sandbox was killed: nobody knows whether the last byte left. */
  readonly perhapsServed: readonly number[];
  /** Complete 2xx answers to a GET of this one object. */
  readonly singleGets: number;
  /** Those whose last byte nobody knows of, as a kill cut them. */
  readonly singleGetsPerhaps: number;
}

const UNSEEN: ObjectFacts = {
  served: [],
  servedAsSnapshot: [],
  delivered: [],
  perhapsServed: [],
  singleGets: 0,
  singleGetsPerhaps: 0,
};

export class ObjectFactTable {
  readonly #facts = new Map<string, ObjectFacts>();

  get(account: string, type: string, id: string): ObjectFacts {
    return this.#facts.get(keyOf(account, type, id)) ?? UNSEEN;
  }

  see(
    account: string,
    seen: "served" | "servedAsSnapshot" | "delivered" | "perhapsServed",
    references: readonly Reference[],
  ): void {
    for (const [type, id, revision] of references) {
      const facts = this.get(account, type, id);
      if (facts[seen].includes(revision)) continue;
      this.#facts.set(keyOf(account, type, id), { ...facts, [seen]: [...facts[seen], revision] });
    }
  }

  countSingleGet(account: string, counted: "singleGets" | "singleGetsPerhaps", references: readonly Reference[]): void {
    for (const [type, id] of references) {
      const facts = this.get(account, type, id);
      this.#facts.set(keyOf(account, type, id), { ...facts, [counted]: facts[counted] + 1 });
    }
  }
}

function keyOf(account: string, type: string, id: string): string {
  return `${account} ${type} ${id}`;
}
