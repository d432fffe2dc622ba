import { timeSortKey } from "../engine/page-cursor.ts";
import type { AuditLog } from "../engine/ports.ts";
import { text } from "./item.ts";
import type { Table } from "./table.ts";

/** A day's entries in the order of their time. Nobody may change or delete one: the policy grants puts, and the put has a condition. */
export function createAuditLog(table: Table): AuditLog {
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
  };
}
