import { emptyGateItem } from "./gate-item.ts";
import type { GateItem } from "./gate-item.ts";
import { packGateItem, unpackGateItem } from "./gate-item-text.ts";
import type { GateItemsByKey } from "./reserve-dated.ts";

/** Where the items are kept: one conditional write moves one of them on. */
export interface GateItems {
  /** Consistent; revision 0 and null when there is none yet. */
  read(key: string): Promise<{ readonly item: GateItem | null; readonly revision: number }>;
  /** Stores the item if the stored revision is still the one that was read. */
  write(key: string, item: GateItem, readRevision: number): Promise<"stored" | "superseded">;
}

/** Some items as they were read, and the one write that each of them then takes. */
export interface TakenItems {
  readonly items: GateItemsByKey;
  /** Not read: as this function last left them. A write tells whether they still are; a refusal does not. */
  readonly areRemembered: boolean;
  /** Whether it was still as it was read. */
  write(key: string, item: GateItem): Promise<boolean>;
}

const seenItemsMax = 64;

interface Seen {
  /** Just as a read would bring it. */
  readonly item: GateItem;
  readonly revision: number;
  /** When it was last read, nobody else had written it since this function had. */
  readonly isOurs: boolean;
}

/** Reads and writes items, and remembers what it last saw of a bounded number of them. */
export class ItemShelf {
  readonly #items: GateItems;
  readonly #seen = new Map<string, Seen>();

  constructor(items: GateItems) {
    this.#items = items;
  }

  /** With `trust`, what nobody else was seen to write is not read again: the write's condition says whether it was right. */
  async take(keys: readonly string[], trust = false): Promise<TakenItems> {
    const remembered = trust ? this.#ours(keys) : null;
    const taken = remembered ?? new Map(await Promise.all(keys.map((key) => this.#read(key))));
    return {
      items: new Map([...taken].map(([key, { item }]) => [key, item])),
      areRemembered: remembered !== null,
      write: async (key, item) => {
        const { revision = 0, isOurs = false } = taken.get(key) ?? {};
        const isStored = (await this.#items.write(key, item, revision)) === "stored";
        if (isStored) this.#remember(key, { item: asStored(item), revision: revision + 1, isOurs });
        else this.#remember(key, { item: this.#seen.get(key)?.item ?? emptyGateItem, revision: -1, isOurs: false });
        return isStored;
      },
    };
  }

  /** As it was when this function last saw it, which says whether an answer's hints can be news. */
  lastSeen(keys: readonly string[]): GateItemsByKey {
    return new Map(keys.map((key) => [key, this.#seen.get(key)?.item ?? emptyGateItem]));
  }

  #ours(keys: readonly string[]): ReadonlyMap<string, Seen> | null {
    const seen = keys.flatMap((key): [string, Seen][] => {
      const one = this.#seen.get(key);
      return one?.isOurs === true ? [[key, one]] : [];
    });
    return seen.length === keys.length ? new Map(seen) : null;
  }

  async #read(key: string): Promise<[string, Seen]> {
    const { item, revision } = await this.#items.read(key);
    const seen = { item: item ?? emptyGateItem, revision, isOurs: this.#seen.get(key)?.revision === revision };
    this.#remember(key, seen);
    return [key, seen];
  }

  #remember(key: string, seen: Seen): void {
    this.#seen.delete(key);
    this.#seen.set(key, seen);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > seenItemsMax && oldest !== undefined) this.#seen.delete(oldest);
  }
}

/** Packing rounds, always to the strict side: what is remembered must not be laxer than what is kept. */
function asStored(item: GateItem): GateItem {
  return unpackGateItem(packGateItem(item)) ?? item;
}
