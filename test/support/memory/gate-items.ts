import { packGateItem, unpackGateItem } from "../../../lib/engine/gate/gate-item-text.ts";
import type { GateItem } from "../../../lib/engine/gate/gate-item.ts";
import type { GateItems } from "../../../lib/engine/gate/shared-gate.ts";

/** The gate's table in memory, as text like the real one, counting what it is asked. */
export class MemoryGateItems implements GateItems {
  reads = 0;
  writes = 0;
  lostWrites = 0;
  /** The longest text that was ever stored. */
  longest = 0;
  /** Every write comes too late. */
  loseAlways = false;
  readonly #items = new Map<string, { readonly text: string; readonly revision: number }>();

  async read(key: string): Promise<{ readonly item: GateItem | null; readonly revision: number }> {
    this.reads += 1;
    const found = this.#items.get(key);
    return found === undefined
      ? { item: null, revision: 0 }
      : { item: unpackGateItem(found.text), revision: found.revision };
  }

  async write(key: string, item: GateItem, readRevision: number): Promise<"stored" | "superseded"> {
    if (this.loseAlways || (this.#items.get(key)?.revision ?? 0) !== readRevision) {
      this.lostWrites += 1;
      return "superseded";
    }
    this.writes += 1;
    const text = packGateItem(item);
    this.longest = Math.max(this.longest, text.length);
    this.#items.set(key, { text, revision: readRevision + 1 });
    return "stored";
  }
}
