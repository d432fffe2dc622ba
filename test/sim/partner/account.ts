import type { Prng } from "../kernel/prng.ts";

export interface Thing {
  readonly id: string;
  /** Counts the thing's states, a deletion included; nobody but the simulation sees it. */
  readonly revision: number;
  /** A number; anything else fits no schema. */
  readonly amount: number | string;
  readonly updatedAtMs: number;
  readonly isDeleted: boolean;
  /** By the one clock of the world. */
  readonly madeAtMs: number;
}

type Made = Omit<Thing, "updatedAtMs" | "madeAtMs">;

/** A clock that went back by more than its changes can run ahead of it. */
const wentBackMs = 1_000;

/** One account's things at the partner, every state that each has had, and the feed of changes. */
export class Account {
  readonly name: string;
  readonly #states = new Map<string, Thing[]>();
  readonly #feed: { readonly id: string; readonly atMs: number }[] = [];
  readonly #prng: Prng;
  readonly #worldNowMs: () => number;
  #made = 0;
  #latestMs = 0;

  constructor(name: string, prng: Prng, worldNowMs: () => number) {
    this.name = name;
    this.#prng = prng;
    this.#worldNowMs = worldNowMs;
  }

  things(): readonly Thing[] {
    return [...this.#states.values()]
      .flatMap((states) => states.slice(-1))
      .filter((thing) => !thing.isDeleted)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  thing(id: string): Thing | null {
    return this.#states.get(id)?.at(-1) ?? null;
  }

  ids(): readonly string[] {
    return [...this.#states.keys()];
  }

  /** Every state that a thing has had, the first one first. */
  states(id: string): readonly Thing[] {
    return this.#states.get(id) ?? [];
  }

  /** Ids that changed between two moments of the partner's clock, in that order. */
  changedBetween(sinceMs: number, untilMs: number): readonly string[] {
    return this.#feed.filter(({ atMs }) => sinceMs <= atMs && atMs <= untilMs).map(({ id }) => id);
  }

  create(nowMs: number, amount: number): Thing {
    // Ids in no order of time, so that new things appear in the middle of lists.
    const id = `o${this.#prng.int(1_000, 9_999)}-${++this.#made}`;
    return this.#store({ id, revision: 1, amount, isDeleted: false }, nowMs);
  }

  change(id: string, amount: number | string, nowMs: number): Thing {
    const former = this.thing(id);
    return this.#store({ id, revision: (former?.revision ?? 0) + 1, amount, isDeleted: false }, nowMs);
  }

  delete(id: string, nowMs: number): Thing {
    const former = this.thing(id);
    if (former === null) throw new RangeError(`${this.name} has no ${id}`);
    return this.#store({ ...former, revision: former.revision + 1, isDeleted: true }, nowMs);
  }

  /** Versions are in whole milliseconds, and never the same twice unless the clock goes back. */
  #store(thing: Made, nowMs: number): Thing {
    const now = Math.floor(nowMs);
    this.#latestMs = now < this.#latestMs - wentBackMs ? now : Math.max(this.#latestMs + 1, now);
    const stored = { ...thing, updatedAtMs: this.#latestMs, madeAtMs: this.#worldNowMs() };
    this.#states.set(thing.id, [...this.states(thing.id), stored]);
    this.#feed.push({ id: thing.id, atMs: stored.updatedAtMs });
    return stored;
  }
}
