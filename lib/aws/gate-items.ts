import * as z from "zod";
import type { GateItems } from "../engine/gate/shared-gate.ts";
import type { GateItem } from "../engine/gate/spaced-bucket.ts";
import { jsonOf, number, numberOf, text } from "./item.ts";
import type { Table } from "./table.ts";

const GateBody: z.ZodType<GateItem> = z.object({ freeAtMs: z.record(z.string(), z.number()) });

/** The gate's items in their table, under a key that starts with the partner; each write is one unit. */
export function createGateItems(table: Table): GateItems {
  return {
    async read(key) {
      const item = await table.get({ pk: text(key) });
      if (item === null) return { item: null, revision: 0 };
      return { item: jsonOf(table.name, item, GateBody), revision: numberOf(table.name, item, "revision") };
    },

    async write(key, next, readRevision) {
      const revision = readRevision + 1;
      const item = { pk: text(key), revision: number(revision), body: text(JSON.stringify(next)) };
      if (readRevision > 0) return (await table.replace(item, revision)).kind;
      return (await table.create(item)) === "created" ? "stored" : "superseded";
    },
  };
}
