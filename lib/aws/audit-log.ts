import * as z from "zod";
import type { AuditReader } from "../engine/audit-reader.ts";
import { timeSortKey } from "../engine/page-cursor.ts";
import type { AuditEntry, AuditLog } from "../engine/ports.ts";
import { jsonOf, text } from "./item.ts";
import type { Item } from "./item.ts";
import { readPage } from "./list-query.ts";
import type { Table } from "./table.ts";

const Entry: z.ZodType<AuditEntry> = z.lazy(() =>
  z.object({
    atMs: z.number(),
    id: z.string(),
    actor: z.string(),
    action: z.string(),
    subject: z.string(),
    detail: z.record(z.string(), z.string()),
  }),
);

/** A day's entries in the order of their time. Nobody may change or delete one: the policy grants puts, and the put has a condition. */
export function createAuditLog(table: Table): AuditLog & AuditReader {
  return {
    async append(entry) {
      const day = new Date(entry.atMs).toISOString().slice(0, 10);
      // The same entry again is the same entry: the caller tried twice.
      await table.create({
        pk: text(day),
        sk: text(timeSortKey(entry.atMs, entry.id)),
        body: text(JSON.stringify(entry)),
      });
    },

    list(day, page) {
      const shared = { index: null, countIndex: null, sortName: "sk", order: "ascending" } as const;
      const load = async (items: readonly Item[]): Promise<readonly AuditEntry[]> =>
        items.map((item) => jsonOf(table.name, item, Entry));
      return readPage(table, { ...shared, partitionName: "pk", partitions: [day], load }, page);
    },
  };
}
