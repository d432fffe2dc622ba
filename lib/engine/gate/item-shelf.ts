import { emptyGateItem } from "./gate-item.ts";
import type { GateItem } from "./gate-item.ts";
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
  /** Whether it was still as it was read. */
  write(key: string, item: GateItem): Promise<boolean>;
}

const seenItemsMax = 64;

/** Reads and writes items, and remembers what it last saw of a bounded number of them. */
export class ItemShelf {
  readonly #items: GateItems;
  readonly #seen = new Map<string, GateItem>();

  constructor(items: GateItems) {
    this.#items = items;
  }

  async take(keys: readonly string[]): Promise<TakenItems> {
    const read = await Promise.all(keys.map(async (key) => ({ key, ...(await this.#items.read(key)) })));
    const items = new Map(read.map(({ key, item }) => [key, item ?? emptyGateItem]));
    const revisions = new Map(read.map(({ key, revision }) => [key, revision]));
    for (const [key, item] of items) this.#remember(key, item);
    return {
      items,
      write: async (key, item) => {
        if ((await this.#items.write(key, item, revisions.get(key) ?? 0)) !== "stored") return false;
        this.#remember(key, item);
        return true;
      },
    };
  }

  /** As it was when this function last saw it, which says whether an answer's hints can be news. */
  lastSeen(keys: readonly string[]): GateItemsByKey {
    return new Map(keys.map((key) => [key, this.#seen.get(key) ?? emptyGateItem]));
  }

  #remember(key: string, item: GateItem): void {
    this.#seen.delete(key);
    this.#seen.set(key, item);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > seenItemsMax && oldest !== undefined) this.#seen.delete(oldest);
  }
}
