import type { Connection, ConnectionStore, Log, Page, PageRequest } from "../engine/ports.ts";
import {
  connectionKey,
  connectionOfItem,
  itemOfConnection,
  itemOfNote,
  itemOfResource,
  looksPartitionOf,
  noteKey,
  noteOfItem,
  resourceKey,
  resourceOfItem,
} from "./connection-item.ts";
import { clearPointer, holderOf, keepsPointer, movePointer, takePointer } from "./connection-pointer.ts";
import { accountMarkKey, connectionIn, isMark } from "./erasure-item.ts";
import type { Item } from "./item.ts";
import { text } from "./item.ts";
import { readDue, readPage } from "./list-query.ts";
import { readableOf } from "./readable.ts";
import { shardsOf } from "./shards.ts";
import type { Table } from "./table.ts";

const due = { name: "due", partitionName: "duePartition", timeName: "nextDueMs" };

export function createConnectionStore(table: Table, log: Pick<Log, "error">): ConnectionStore {
  const read = async (partner: string, connectionId: string): Promise<Connection | null> => {
    const item = await table.get(connectionKey(partner, connectionId));
    return connectionIn(table.name, item);
  };

  return {
    read,

    async create(connection) {
      // The pointer first: dying in between leaves one that leads nowhere, which the next to come takes over.
      if (!(await takePointer(table, connection))) return "exists";
      const made = await table.create(itemOfConnection(connection));
      if (made === "exists" || (await keepsPointer(table, connection))) return made;
      await table.delete(connectionKey(connection.partner, connection.connectionId));
      return "exists";
    },

    findByAccount: (partner, account) => holderOf(table, partner, account),

    isGone: (partner, of) => isGone(table, partner, of),

    async compareAndSet(next) {
      const stored = await table.replace(itemOfConnection(next), next.revision, true);
      if (stored.kind === "stored") await movePointer(table, connectionOfItem(table.name, stored.attributes), next);
      return stored.kind;
    },

    async remove(partner, connectionId) {
      const connection = await read(partner, connectionId);
      if (connection !== null) await clearPointer(table, connection);
      await removeItems(table, partner, connectionId);
    },

    list: (tenantId, page) => list(table, tenantId, page),

    async readResource(partner, connectionId, resource) {
      const item = await table.get(resourceKey(partner, connectionId, resource));
      return item === null ? null : resourceOfItem(table.name, item);
    },

    async listResources(partner, connectionId) {
      const items = await itemsOf(table, partner, connectionId, "status#");
      return items.map((item) => resourceOfItem(table.name, item));
    },

    createResource: (state) => table.create(itemOfResource(state)),

    async compareAndSetResource(next) {
      return (await table.replace(itemOfResource(next), next.revision)).kind;
    },

    async readNote(partner, owner, name) {
      const item = await table.get(noteKey(partner, owner, name));
      return item === null ? null : noteOfItem(table.name, item);
    },

    async writeNote(next) {
      if (next.revision > 1) return (await table.replace(itemOfNote(next), next.revision)).kind;
      return (await table.create(itemOfNote(next))) === "created" ? "stored" : "superseded";
    },

    async due(partner, untilMs, limit) {
      const items = await readDue(table, due, shardsOf(partner), { untilMs, limit });
      return readableOf(items, (item) => resourceOfItem(table.name, item), log);
    },

    dueLooks: (partner, untilMs, limit) => dueLooks(table, log, partner, { untilMs, limit }),
  };
}

async function dueLooks(
  table: Table,
  log: Pick<Log, "error">,
  partner: string,
  bounds: { readonly untilMs: number; readonly limit: number },
): Promise<readonly Connection[]> {
  const items = await readDue(table, due, shardsOf(looksPartitionOf(partner)), bounds);
  return readableOf(items, (item) => connectionOfItem(table.name, item), log);
}

async function isGone(table: Table, partner: string, of: Parameters<ConnectionStore["isGone"]>[1]): Promise<boolean> {
  if ("account" in of) return (await table.get(accountMarkKey(partner, of.account))) !== null;
  const item = await table.get(connectionKey(partner, of.connectionId));
  return item !== null && isMark(item);
}

function list(table: Table, tenantId: string | null, page: PageRequest): Promise<Page<Connection>> {
  const all = { index: "all", partitionName: "listPartition", partitions: shardsOf("all") };
  // Marks of what is gone are found by their tenant too, for the eraser.
  const tenants = { index: "tenant", partitionName: "tenantId", partitions: [tenantId ?? ""], without: "erasure" };
  const load = async (items: readonly Item[]): Promise<readonly (Connection | null)[]> =>
    items.map((item) => connectionIn(table.name, item));
  const shared = { sortName: "createdSort", order: "ascending", countIndex: null, load } as const;
  return readPage(table, { ...(tenantId === null ? all : tenants), ...shared }, page);
}

/** The connection itself goes last: whatever dies on the way, there is something left to remove again. */
async function removeItems(table: Table, partner: string, connectionId: string): Promise<void> {
  const items = await itemsOf(table, partner, connectionId, "");
  const keys = items.flatMap(({ pk, sk }) => (pk === undefined || sk === undefined ? [] : [{ pk, sk }]));
  await table.batchDelete(keys.filter((key) => key.sk.S !== "meta"));
  // The mark of one that is gone stays in its place.
  await table.delete(connectionKey(partner, connectionId), { ConditionExpression: "attribute_not_exists(erasure)" });
}

/** A connection has a credential and a few resources: one query of at most 1 MB holds them all. */
async function itemsOf(table: Table, partner: string, connectionId: string, prefix: string): Promise<readonly Item[]> {
  const answer = await table.query({
    KeyConditionExpression: prefix === "" ? "pk = :pk" : "pk = :pk AND begins_with(sk, :prefix)",
    ExpressionAttributeValues: {
      ":pk": text(`${partner}#${connectionId}`),
      ...(prefix !== "" && { ":prefix": text(prefix) }),
    },
    ConsistentRead: true,
  });
  return answer.items;
}
