import * as z from "zod";
import type { HistoryEntry } from "../../engine/history.ts";
import { pageFields } from "./page-query.ts";
import { notFound } from "./problem.ts";
import { isReadable, scopeOf } from "./records.ts";
import { route } from "./route.ts";
import { isoTime } from "./time.ts";

/** A record's states, and which webhook or run brought each. A path of its own: a record's takes all that follows as its id. */
export const historyRoutes = [
  route({
    method: "GET",
    path: "/connections/{id}/history/{resource}/{externalId+}",
    needs: "viewer",
    reach: "tenant",
    query: z.strictObject({ limit: pageFields.limit }),
    handle: async (ports, { params, query }) => {
      const scope = await scopeOf(ports, params.id, params.resource);
      if (!isReadable(params.externalId)) throw notFound("such record of this connection and resource");
      const [record, entries] = await Promise.all([
        ports.records.read(scope, params.externalId),
        // One more than is shown tells whether there are more.
        ports.history.list(scope, params.externalId, query.limit + 1),
      ]);
      if (record === null && entries.length === 0) throw notFound("such record of this connection and resource");
      const current = record === null ? null : { version: record.version, deleted: record.deleted };
      const items = entries.slice(0, query.limit).map(entryView);
      return { status: 200, data: { current, items, more: entries.length > query.limit } };
    },
  }),
];

function entryView(entry: HistoryEntry): Readonly<Record<string, unknown>> {
  return {
    version: entry.version,
    change: entry.change,
    changed: entry.changed,
    source: entry.source,
    fetchedAt: isoTime(entry.fetchedAtMs),
    writtenAt: isoTime(entry.writtenAtMs),
  };
}
