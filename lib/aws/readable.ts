import type { Log } from "../engine/ports.ts";
import { CorruptItem } from "./item.ts";
import type { Item } from "./item.ts";

/**
 * What can be read of these items. One that cannot is said aloud and left out: a list of what is due must not end at the
 * first item that another version, or a hand, has written.
 */
export function readableOf<T>(items: readonly Item[], read: (item: Item) => T, log: Pick<Log, "error">): readonly T[] {
  return items.flatMap((item) => {
    try {
      return [read(item)];
    } catch (error) {
      if (!(error instanceof CorruptItem)) throw error;
      log.error("an item cannot be read and is left out; mend or remove it by hand", { error: error.message });
      return [];
    }
  });
}
