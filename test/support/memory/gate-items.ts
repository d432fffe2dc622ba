import type { GateItems } from "../../../lib/engine/gate/shared-gate.ts";
import type { GateItem } from "../../../lib/engine/gate/spaced-bucket.ts";

/** The gate's table in memory, counting what it is asked. */
export class MemoryGateItems implements GateItems {
  reads = 0;
  writes = 0;
  lostWrites = 0;
  /** Every write comes too late. */
  loseAlways = false;
  readonly #items = new Map<string, { readonly item: GateItem; readonly revision: number }>();

  async read(key: string): Promise<{ readonly item: GateItem | null; readonly revision: number }> {
    this.reads += 1;
    return structuredClone(this.#items.get(key) ?? { item: null, revision: 0 });
  }

  async write(key: string, item: GateItem, readRevision: number): Promise<"stored" | "superseded"> {
    if (this.loseAlways || (this.#items.get(key)?.revision ?? 0) !== readRevision) {
      this.lostWrites += 1;
      return "superseded";
    }
    this.writes += 1;
    this.#items.set(key, structuredClone({ item, revision: readRevision + 1 }));
    return "stored";
  }
}
