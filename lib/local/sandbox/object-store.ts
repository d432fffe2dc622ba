import type { JournalEntry, Put, Reference } from "./journal-entry.ts";
import type { JournalListener } from "./journal.ts";

/** One object of the partner as it stands. Types beginning with `_` are the sandbox's own and are served to nobody. */
export interface StoredObject {
  readonly type: string;
  readonly id: string;
  readonly revision: number;
  readonly deleted: boolean;
  readonly state: Readonly<Record<string, unknown>>;
  readonly about: Reference | null;
}

interface Collection {
  readonly placeOf: Map<string, number>;
  items: StoredObject[];
  /** Objects dropped from the front because only the newest are kept. */
  dropped: number;
}

/** The partner's objects, by account and type, in the order in which they were created. */
export class ObjectStore implements JournalListener {
  readonly #collections = new Map<string, Map<string, Collection>>();
  readonly #keepNewest: Readonly<Record<string, number>>;

  /** `keepNewest` bounds the types that only grow, such as events. */
  constructor(keepNewest: Readonly<Record<string, number>> = {}) {
    this.#keepNewest = keepNewest;
  }

  apply(entry: JournalEntry): void {
    if (entry.kind !== "change") return;
    for (const put of entry.puts) this.#put(entry.account, put);
  }

  get(account: string, type: string, id: string): StoredObject | null {
    const collection = this.#collections.get(account)?.get(type);
    const place = collection?.placeOf.get(id);
    if (collection === undefined || place === undefined) return null;
    return collection.items[place - collection.dropped] ?? null;
  }

  /** Oldest first, deleted ones included. */
  list(account: string, type: string): readonly StoredObject[] {
    return this.#collections.get(account)?.get(type)?.items ?? [];
  }

  /** Where an object stands in `list`, or -1. */
  placeOf(account: string, type: string, id: string): number {
    const collection = this.#collections.get(account)?.get(type);
    const place = collection?.placeOf.get(id);
    return collection === undefined || place === undefined ? -1 : place - collection.dropped;
  }

  /** How many were ever created, for ids that never come twice. */
  created(account: string, type: string): number {
    const collection = this.#collections.get(account)?.get(type);
    return collection === undefined ? 0 : collection.dropped + collection.items.length;
  }

  /** The revision that the next change of an object will have; 1 for one that is not there yet. */
  nextRevision(account: string, type: string, id: string): number {
    return (this.get(account, type, id)?.revision ?? 0) + 1;
  }

  accounts(): readonly string[] {
    return [...this.#collections.keys()];
  }

  types(account: string): readonly string[] {
    return [...(this.#collections.get(account)?.keys() ?? [])];
  }

  #put(account: string, put: Put): void {
    const collection = this.#collection(account, put.type);
    const place = collection.placeOf.get(put.id);
    if (place !== undefined) {
      collection.items[place - collection.dropped] = put;
      return;
    }
    collection.placeOf.set(put.id, collection.dropped + collection.items.length);
    collection.items.push(put);
    this.#dropOldest(collection, this.#keepNewest[put.type] ?? Infinity);
  }

  /** A tenth at a time, so that keeping a bound costs next to nothing. */
  #dropOldest(collection: Collection, keep: number): void {
    if (collection.items.length <= keep * 1.1) return;
    const gone = collection.items.length - keep;
    for (const item of collection.items.slice(0, gone)) collection.placeOf.delete(item.id);
    collection.items = collection.items.slice(gone);
    collection.dropped += gone;
  }

  #collection(account: string, type: string): Collection {
    const types = this.#collections.get(account) ?? new Map<string, Collection>();
    this.#collections.set(account, types);
    const collection = types.get(type) ?? { placeOf: new Map<string, number>(), items: [], dropped: 0 };
    types.set(type, collection);
    return collection;
  }
}
