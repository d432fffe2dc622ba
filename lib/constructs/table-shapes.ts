import type { TableName } from "../engine/names.ts";
import type { TableShape } from "./table.ts";

const byId = { name: "sk", type: "string" } as const;

/** Keys and indexes of every table; what is in the items is the stores' business. */
export const tableShapes: Readonly<Record<TableName, TableShape>> = {
  connections: {
    partitionKey: "pk",
    sortKey: byId,
    stream: true,
    expiry: "expiresAt",
    indexes: [
      { name: "tenant", partitionKey: "tenantId", sortKey: { name: "createdSort", type: "string" } },
      // Every connection, over four shards: the administrator's list.
      { name: "all", partitionKey: "listPartition", sortKey: { name: "createdSort", type: "string" } },
      { name: "due", partitionKey: "duePartition", sortKey: { name: "nextDueMs", type: "number" } },
    ],
  },
  records: {
    partitionKey: "pk",
    sortKey: byId,
    stream: true,
    expiry: "expiresAt",
    indexes: [
      {
        name: "digests",
        partitionKey: "pk",
        sortKey: byId,
        include: ["digest", "order", "version", "deleted", "writtenAtMs"],
      },
    ],
  },
  history: { partitionKey: "pk", sortKey: { name: "sk", type: "number" }, expiry: "expiresAt" },
  runs: {
    partitionKey: "pk",
    sortKey: byId,
    expiry: "expiresAt",
    indexes: [
      { name: "active", partitionKey: "activePartition", sortKey: { name: "nextLookMs", type: "number" } },
      { name: "started", partitionKey: "pk", sortKey: { name: "startedSort", type: "string" }, include: [] },
    ],
  },
  "token-buckets": { partitionKey: "pk" },
  // Powertools' own names.
  idempotency: { partitionKey: "id", expiry: "expiration" },
  failures: {
    partitionKey: "pk",
    sortKey: byId,
    stream: true,
    expiry: "expiresAt",
    indexes: [
      { name: "group", partitionKey: "groupPartition", sortKey: { name: "lastSeenSort", type: "string" } },
      { name: "connection", partitionKey: "connectionPartition", sortKey: { name: "lastSeenSort", type: "string" } },
    ],
  },
  audit: { partitionKey: "pk", sortKey: byId, appendOnly: true },
};
