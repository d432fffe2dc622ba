import { freshnessOf } from "../../engine/freshness.ts";
import type { RecordScope, StoredRecord } from "../../engine/record.ts";
import type { ApiPorts } from "./request.ts";
import { isoTime } from "./time.ts";

export type RecordView = (record: StoredRecord) => Readonly<Record<string, unknown>>;

/** How records of a resource are shown: each with how far it can be relied on, which is asked once for all of them. */
export async function recordViewOf(
  ports: Pick<ApiPorts, "clock" | "connections" | "partners">,
  scope: RecordScope,
): Promise<RecordView> {
  const state = await ports.connections.readResource(scope.partner, scope.connectionId, scope.resource);
  const everyMs = ports.partners.find(scope.partner)?.resources[scope.resource]?.everyMs ?? null;
  const nowMs = ports.clock.nowMs();
  return (record) => ({
    externalId: record.externalId,
    model: record.model,
    version: record.version,
    deleted: record.deleted,
    data: record.data,
    fetchedAt: isoTime(record.fetchedAtMs),
    writtenAt: isoTime(record.writtenAtMs),
    source: record.source,
    ...freshnessOf(record, state, everyMs, nowMs),
  });
}
