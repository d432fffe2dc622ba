import type { EventLoop } from "../../../sim/kernel/event-loop.ts";
import type { Prng } from "../../../sim/kernel/prng.ts";
import { world } from "./scenario.ts";

export interface Written<Item> {
  readonly stored: boolean;
  /** As it is now; as it was, when the condition did not hold. */
  readonly item: Item | null;
}

/** A table in memory. Every request takes its time, and what it does happens half-way through. */
export class MeteredStore {
  /** As DynamoDB counts: a read costs one for each 4 KB, a write one for each KB, whether its condition held or not. */
  readUnits = 0;
  writeUnits = 0;
  itemBytesMax = 0;
  readonly #loop: EventLoop;
  readonly #random: Prng;

  constructor(loop: EventLoop, random: Prng) {
    this.#loop = loop;
    this.#random = random;
  }

  /** One kind of item, by key; nothing else has a way to them. */
  items<Item>(): {
    read(key: string): Promise<Item | null>;
    /** Replaces an item by what `change` makes of it; null when a condition does not hold. */
    write(key: string, change: (item: Item | null) => Item | null): Promise<Written<Item>>;
  } {
    const items = new Map<string, { readonly item: Item; readonly bytes: number }>();
    return {
      read: (key) =>
        this.#halfWay(world.readMs, () => {
          const stored = items.get(key);
          this.readUnits += Math.max(1, Math.ceil((stored?.bytes ?? 0) / 4_096));
          return stored?.item ?? null;
        }),
      write: (key, change) =>
        this.#halfWay(world.writeMs, () => {
          const before = items.get(key) ?? null;
          const item = change(before?.item ?? null);
          const after = item === null ? null : { item, bytes: bytesOf(item) };
          const bytes = Math.max(before?.bytes ?? 0, after?.bytes ?? 0);
          this.writeUnits += Math.max(1, Math.ceil(bytes / 1_024));
          this.itemBytesMax = Math.max(this.itemBytesMax, bytes);
          if (after !== null) items.set(key, after);
          return { stored: after !== null, item: (after ?? before)?.item ?? null };
        }),
    };
  }

  async #halfWay<Result>(tookMs: { readonly min: number; readonly max: number }, act: () => Result): Promise<Result> {
    const halfMs = this.#random.between(tookMs.min, tookMs.max) / 2;
    await this.#loop.sleep(halfMs);
    const result = act();
    await this.#loop.sleep(halfMs);
    return result;
  }
}

/** As text; a number that DynamoDB keeps takes less. */
function bytesOf(item: unknown): number {
  return JSON.stringify(item).length;
}
