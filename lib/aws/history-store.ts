import * as z from "zod";
import type { HistoryEntry } from "../engine/history.ts";
import { mapBounded } from "../engine/map-bounded.ts";
import type { HistoryStore } from "../engine/ports.ts";
import type { RecordScope } from "../engine/record.ts";
import { endsAtSeconds } from "../engine/retention.ts";
import type { Retention } from "../engine/retention.ts";
import type { Bucket } from "./claim-checks.ts";
import { jsonOf, number, text } from "./item.ts";
import type { Item } from "./item.ts";
import { dataFor, dataOf } from "./record-data.ts";
import { recordPartition } from "./record-item.ts";
import type { Table } from "./table.ts";

type Facts = Omit<HistoryEntry, "data">;

const Facts: z.ZodType<Facts> = z.object({
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
});
/** What was written before data stood beside the rest. */
const WithData = z.object({ data: z.record(z.string(), z.unknown()).exactOptional() });

const claimsAtOnce = 4;

interface World {
  readonly table: Table;
  readonly bucket: Bucket;
  readonly retentionOf: (scope: RecordScope) => Retention;
}

/** States are kept as records' data is: compressed over some KB, in the bucket under the hash of their content where an item is too small. */
export function createHistoryStore({ table, bucket, retentionOf }: World): HistoryStore {
  return {
    async append({ data, ...facts }) {
      const endsAt = endsAtSeconds(facts.writtenAtMs, retentionOf(facts).historyDays);
      const stored = await table.create({
        pk: text(historyPartition(facts, facts.externalId)),
        sk: number(facts.version),
        body: text(JSON.stringify(facts)),
        ...(await dataFor(bucket, facts, data)),
        ...(endsAt !== null && { expiresAt: number(endsAt) }),
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
      return mapBounded(answer.items, claimsAtOnce, (item) => entryOf({ table: table.name, bucket }, item));
    },
  };
}

async function entryOf(world: { readonly table: string; readonly bucket: Bucket }, item: Item): Promise<HistoryEntry> {
  const facts = jsonOf(world.table, item, Facts);
  const inBody = jsonOf(world.table, item, WithData).data;
  return { ...facts, data: inBody ?? (await dataOf(world, item)) };
}

/** Where the versions of one record stand. */
export function historyPartition(scope: RecordScope, externalId: string): string {
  return `${recordPartition(scope)}#${externalId}`;
}
