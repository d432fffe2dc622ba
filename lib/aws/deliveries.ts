import type { Deliveries } from "../engine/ports.ts";
import { number, text } from "./item.ts";
import type { Item } from "./item.ts";
import type { Table } from "./table.ts";

/**
 * Marks of worked deliveries, beside Powertools' in the idempotency table. Not by Powertools: it marks a thing as begun before
 * the effect, which is a write more and holds a repetition up, while the effect here may well happen twice.
 */
export function createDeliveries(table: Table): Deliveries {
  return {
    isDone: async (partner, key) => (await table.get(keyOf(partner, key))) !== null,

    async markDone(partner, key, untilMs) {
      await table.put({ ...keyOf(partner, key), expiration: number(Math.ceil(untilMs / 1_000)) });
    },
  };
}

function keyOf(partner: string, key: string): Item {
  return { id: text(`${partner}#delivery#${key}`) };
}
