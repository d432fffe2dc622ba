import type { Log, Page, PageRequest, RunStore } from "../engine/ports.ts";
import type { Run } from "../engine/run.ts";
import { text, textOf } from "./item.ts";
import type { Item } from "./item.ts";
import { readDue, readPage } from "./list-query.ts";
import { readableOf } from "./readable.ts";
import { itemOfRun, itemOfSeen, runKey, runOfItem, seenOfItem, seenPrefix } from "./run-item.ts";
import { shardsOf } from "./shards.ts";
import type { Table } from "./table.ts";

const active = { name: "active", partitionName: "activePartition", timeName: "nextLookMs" };

const seenAtOnce = 100;

export function createRunStore(table: Table, log: Pick<Log, "error">): RunStore {
  const read = (item: Item): Run => runOfItem(table.name, item);
  return {
    create: (run) => table.create(itemOfRun(run)),

    async read(partner, connectionId, runId) {
      const item = await table.get(runKey(partner, connectionId, runId));
      return item === null ? null : read(item);
    },

    async compareAndSet(next) {
      return (await table.replace(itemOfRun(next), next.revision)).kind;
    },

    async standingStill(partner, nowMs, limit) {
      return readableOf(await readDue(table, active, shardsOf(partner), { untilMs: nowMs, limit }), read, log);
    },

    async noteSeen(of, part, bits, nowMs) {
      await table.create(itemOfSeen(of, part, bits, nowMs));
    },

    async readSeen(of, after) {
      const answer = await table.query({
        KeyConditionExpression: "pk = :pk AND begins_with(sk, :seen)",
        ExpressionAttributeValues: {
          ":pk": text(`${of.partner}#${of.connectionId}`),
          ":seen": text(seenPrefix(of.runId)),
        },
        ...(after !== null && { ExclusiveStartKey: runKey(of.partner, of.connectionId, after) }),
        Limit: seenAtOnce,
        ConsistentRead: true,
      });
      const next = answer.lastKey === null ? null : textOf(table.name, answer.lastKey, "sk");
      return { bits: answer.items.map((item) => seenOfItem(table.name, item)), next };
    },

    list(partner: string, connectionId: string, page: PageRequest): Promise<Page<Run>> {
      const list = {
        index: "started",
        partitionName: "pk",
        partitions: [`${partner}#${connectionId}`],
        sortName: "startedSort",
        order: "descending",
        countIndex: "started",
        load: (items: readonly Item[]) => loadRuns(table, items),
      } as const;
      return readPage(table, list, page);
    },
  };
}

/** The index holds keys alone, so that a run's many writes do not write it too: the runs themselves are fetched. */
async function loadRuns(table: Table, items: readonly Item[]): Promise<readonly (Run | null)[]> {
  const ids = items.map((item) => textOf(table.name, item, "sk"));
  const keys = items.flatMap(({ pk, sk }) => (pk === undefined || sk === undefined ? [] : [{ pk, sk }]));
  const runs = (await table.batchGet(keys.slice(0, 100))).map((item) => runOfItem(table.name, item));
  const byId = new Map(runs.map((run) => [run.runId, run]));
  return ids.map((id) => byId.get(id) ?? null);
}
