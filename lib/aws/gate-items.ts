import { packGateItem, unpackGateItem } from "../engine/gate/gate-item-text.ts";
import type { GateItems } from "../engine/gate/shared-gate.ts";
import { CorruptItem, number, numberOf, text, textOf } from "./item.ts";
import type { Table } from "./table.ts";

/** The gate's items in their table, under a key that starts with the partner; each write is one unit. */
export function createGateItems(table: Table): GateItems {
  return {
    async read(key) {
      const item = await table.get({ pk: text(key) });
      if (item === null) return { item: null, revision: 0 };
      const revision = numberOf(table.name, item, "revision");
      try {
        return { item: unpackGateItem(textOf(table.name, item, "body")), revision };
      } catch (error) {
        if (error instanceof RangeError) throw new CorruptItem(table.name, item, error.message);
        throw error;
      }
    },

    async write(key, next, readRevision) {
      const revision = readRevision + 1;
      const item = { pk: text(key), revision: number(revision), body: text(packGateItem(next)) };
      if (readRevision > 0) return (await table.replace(item, revision)).kind;
      return (await table.create(item)) === "created" ? "stored" : "superseded";
    },
  };
}
