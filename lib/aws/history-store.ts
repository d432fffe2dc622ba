import * as z from "zod";
import type { HistoryEntry } from "../engine/history.ts";
import type { HistoryStore } from "../engine/ports.ts";
import type { RecordScope } from "../engine/record.ts";
import { jsonOf, number, text } from "./item.ts";
import { recordPartition } from "./record-item.ts";
import type { Table } from "./table.ts";

const Entry: z.ZodType<HistoryEntry> = z.object({
  partner: z.string(),
  connectionId: z.string(),
  resource: z.string(),
  externalId: z.string(),
  version: z.number(),
  change: z.enum(["created", "updated", "deleted", "restored"]),
  changed: z.array(z.string()),
  source: z.object({ kind: z.enum(["webhook", "run"]), id: z.string() }),
  fetchedAtMs: z.number(),
  writtenAtMs: z.number(),
  data: z.record(z.string(), z.unknown()),
});

/** An item takes 400 KB, keys included. What is larger is in the record's own claim check; the history says only that it changed. */
const bodyBytesMax = 390 * 1024;

export function createHistoryStore(table: Table): HistoryStore {
  return {
    async append(entry) {
      const body = JSON.stringify(entry);
      const kept = Buffer.byteLength(body) <= bodyBytesMax ? body : JSON.stringify({ ...entry, data: {} });
      const stored = await table.create({
        pk: text(historyPartition(entry, entry.externalId)),
        sk: number(entry.version),
        body: text(kept),
      });
      return stored === "created" ? "appended" : "exists";
    },

    async list(scope, externalId, limit) {
      const answer = await table.query({
        KeyConditionExpression: "pk = :pk",
        ExpressionAttributeValues: { ":pk": text(historyPartition(scope, externalId)) },
        ScanIndexForward: false,
        Limit: limit,
      });
      return answer.items.map((item) => jsonOf(table.name, item, Entry));
    },
  };
}

/** Where the versions of one record stand. */
export function historyPartition(scope: RecordScope, externalId: string): string {
  return `${recordPartition(scope)}#${externalId}`;
}
