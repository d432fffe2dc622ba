import * as z from "zod";
import type { RecordScope, StoredRecord } from "../../engine/record.ts";
import { findConnection, findResource } from "./find-connection.ts";
import { pageFields, pageOf, pageRequestOf } from "./page-query.ts";
import { notFound } from "./problem.ts";
import type { ApiPorts } from "./request.ts";
import { route } from "./route.ts";
import { isoTime } from "./time.ts";

/** DynamoDB takes sort keys of at most 1,024 bytes, and no partner's id comes near that. */
const externalIdBytesMax = 1_024;

export const recordRoutes = [
  route({
    method: "GET",
    path: "/connections/{id}/records/{resource}",
    query: z.strictObject(pageFields),
    handle: async (ports, { params, query }) => {
      const scope = await scopeOf(ports, params.id, params.resource);
      return { status: 200, data: pageOf(await ports.records.list(scope, pageRequestOf(query)), recordView) };
    },
  }),
  route({
    method: "GET",
    path: "/connections/{id}/records/{resource}/{externalId+}",
    query: z.strictObject({}),
    handle: async (ports, { params }) => {
      const scope = await scopeOf(ports, params.id, params.resource);
      const record = isReadable(params.externalId) ? await ports.records.read(scope, params.externalId) : null;
      if (record === null) throw notFound("such record of this connection and resource");
      return { status: 200, data: recordView(record) };
    },
  }),
];

/** Whether an id can be one of ours at all; DynamoDB refuses to look for longer ones. */
export function isReadable(externalId: string): boolean {
  return Buffer.byteLength(externalId) <= externalIdBytesMax;
}

export async function scopeOf(ports: ApiPorts, id: string, resourceName: string): Promise<RecordScope> {
  const connection = await findConnection(ports, id);
  const resource = findResource(ports, connection, resourceName);
  return { partner: connection.partner, connectionId: connection.connectionId, resource };
}

function recordView(record: StoredRecord): Readonly<Record<string, unknown>> {
  return {
    externalId: record.externalId,
    model: record.model,
    version: record.version,
    deleted: record.deleted,
    data: record.data,
    fetchedAt: isoTime(record.fetchedAtMs),
    writtenAt: isoTime(record.writtenAtMs),
    source: record.source,
  };
}
