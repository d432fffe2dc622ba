import * as z from "zod";
import type { RecordFilter, RecordScope } from "../../engine/record.ts";
import { findConnection, findResource } from "./find-connection.ts";
import { pageFields, pageOf, pageRequestOf } from "./page-query.ts";
import { notFound } from "./problem.ts";
import { recordViewOf } from "./record-view.ts";
import { askForRefresh } from "./refresh.ts";
import type { ApiPorts } from "./request.ts";
import { route } from "./route.ts";
import { isoTime } from "./time.ts";

/** DynamoDB takes sort keys of at most 1,024 bytes, and no partner's id comes near that. */
const externalIdBytesMax = 1_024;
/** Taken off `asOf`: workers' clocks differ, and an index shows what was written a moment later. */
const indexLagMs = 10_000;

const filterFields = {
  updatedSince: z.iso.datetime({ offset: true }).optional(),
  deleted: z.enum(["include", "exclude", "only"]).default("include"),
};

export const recordRoutes = [
  route({
    method: "GET",
    path: "/connections/{id}/records/{resource}",
    needs: "viewer",
    reach: "tenant",
    query: z.strictObject({ ...pageFields, ...filterFields }),
    handle: async (ports, { params, query }) => {
      const scope = await scopeOf(ports, params.id, params.resource);
      const view = await recordViewOf(ports, scope);
      const asOf = isoTime(ports.clock.nowMs() - indexLagMs);
      const { updatedSince, deleted } = query;
      const writtenSinceMs = updatedSince === undefined ? null : Date.parse(updatedSince);
      if (writtenSinceMs === null && deleted === "include")
        return { status: 200, data: { ...pageOf(await ports.records.list(scope, pageRequestOf(query)), view), asOf } };
      const filter: RecordFilter = { writtenSinceMs, deleted };
      const { items, next, previous } = await ports.records.find(scope, filter, pageRequestOf(query));
      // Counting them would look at all of them.
      return { status: 200, data: { items: items.map(view), next, previous, total: null, asOf } };
    },
  }),
  route({
    method: "GET",
    path: "/connections/{id}/records/{resource}/{externalId+}",
    needs: "viewer",
    reach: "tenant",
    query: z.strictObject({ fresh: z.enum(["true", "false"]).default("false") }),
    handle: async (ports, { params, query, request }) => {
      const scope = await scopeOf(ports, params.id, params.resource);
      const { externalId } = params;
      const record = isReadable(externalId) ? await ports.records.read(scope, externalId) : null;
      if (record === null) throw notFound("such record of this connection and resource");
      const shown = (await recordViewOf(ports, scope))(record);
      if (query.fresh === "false") return { status: 200, data: shown };
      const refresh =
        shown["freshness"] === "api" ? "not-needed" : await askForRefresh(ports, request, scope, externalId);
      return { status: 200, data: { ...shown, refresh } };
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
