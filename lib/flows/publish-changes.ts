import { connectionEventOf, failureEventOf, recordEventOf } from "../engine/change-event.ts";
import type { ChangeEvent } from "../engine/change-event.ts";
import type { Eraser } from "../engine/erasure.ts";
import { historyOf } from "../engine/history.ts";
import { mapBounded } from "../engine/map-bounded.ts";
import type { Connection, Failure, Ports } from "../engine/ports.ts";
import type { RecordScope, StoredRecord } from "../engine/record.ts";

export type PublishPorts = Pick<Ports, "history" | "events" | "connections" | "records" | "metrics" | "log"> & {
  readonly eraser: Pick<Eraser, "clearStates">;
};

/** One change as a table's stream tells it. */
export type Change =
  | { readonly kind: "record"; readonly before: StoredRecord | null; readonly after: StoredRecord }
  /** The item itself is gone: erased, or its connection is. What the partner deleted is a change. */
  | { readonly kind: "record-removed"; readonly scope: RecordScope; readonly externalId: string }
  /** A state whose data is no longer there: erased before it was told, most likely. */
  | { readonly kind: "record-lost"; readonly scope: RecordScope; readonly externalId: string }
  | { readonly kind: "connection"; readonly before: Connection | null; readonly after: Connection | null }
  | { readonly kind: "failure"; readonly before: Failure | null; readonly after: Failure };

/** Reads one change whole; its sequence says where in the stream it stands. */
export interface ChangeReader {
  readonly sequence: string;
  read(): Promise<Change>;
}

/** What one call of the bus takes. */
const eventsMax = 10;

/**
 * Takes a batch of a stream's changes to history and bus, in their order. History first: a version is kept once, and an
 * event may be told again. Resolves to the sequence from which on the stream has to come again; null when all is told.
 */
export async function publishChanges(ports: PublishPorts, changes: readonly ChangeReader[]): Promise<string | null> {
  const tenants = tenantsOf(ports);
  for (let start = 0; start < changes.length; start += eventsMax) {
    const some = changes.slice(start, start + eventsMax);
    const { events, stoppedAt } = await takeSome(ports, some, tenants);
    try {
      if (events.length > 0) await ports.events.publish(events);
    } catch (error) {
      ports.log.error("the bus did not take changes; the stream brings them again", { error: String(error) });
      return some[0]?.sequence ?? null;
    }
    if (stoppedAt !== null) return stoppedAt;
  }
  return null;
}

type Tenants = (partner: string, connectionId: string) => Promise<string | null>;

async function takeSome(
  ports: PublishPorts,
  changes: readonly ChangeReader[],
  tenants: Tenants,
): Promise<{ readonly events: readonly ChangeEvent[]; readonly stoppedAt: string | null }> {
  const events: ChangeEvent[] = [];
  const ends: End[] = [];
  for (const change of changes) {
    const { sequence } = ends[0] ?? change;
    try {
      const read = await change.read();
      if (read.kind === "record-removed") {
        ends.push({ ...read, sequence: change.sequence });
        continue;
      }
      await clearEnds(ports, ends);
      const event = await eventOf(ports, read, tenants);
      if (event !== null) events.push(event);
    } catch (error) {
      ports.log.error("a change was not published; the stream brings it again", { sequence, error: String(error) });
      return { events, stoppedAt: sequence };
    }
  }
  try {
    await clearEnds(ports, ends);
    return { events, stoppedAt: null };
  } catch (error) {
    ports.log.error("states were not taken away; the stream brings their end again", { error: String(error) });
    return { events, stoppedAt: ends[0]?.sequence ?? null };
  }
}

type End = Extract<Change, { kind: "record-removed" }> & Pick<ChangeReader, "sequence">;

/**
 * Takes away the states that came to a history after it was erased: one thing's changes come in order, so that they are there
 * by now, however late the stream is read. Of many things at once, as an erasure removes them faster than one by one.
 */
async function clearEnds(ports: PublishPorts, ends: End[]): Promise<void> {
  await mapBounded(ends, eventsMax, (end) => ports.eraser.clearStates(end.scope, end.externalId, "history"));
  ends.length = 0;
}

type Told = Exclude<Change, { kind: "record-removed" }>;

async function eventOf(ports: PublishPorts, change: Told, tenants: Tenants): Promise<ChangeEvent | null> {
  switch (change.kind) {
    case "record":
      return recordEvent(ports, change, tenants);
    case "record-lost":
      await settleLost(ports, change);
      return null;
    case "connection":
      return connectionEventOf(change.before, change.after);
    case "failure":
      return failureEventOf(change.before, change.after);
  }
}

/** Nothing can be told of it. That is as it should be where it was erased, and must not hold up the changes of others. */
async function settleLost(
  ports: PublishPorts,
  { scope, externalId }: Extract<Change, { kind: "record-lost" }>,
): Promise<void> {
  const { partner, connectionId, resource } = scope;
  if (await ports.connections.isGone(partner, { connectionId })) {
    await ports.eraser.clearStates(scope, externalId, "history-and-record");
    return;
  }
  // Throws where the record as it stands has lost its data: that is a fault, and the stream brings it again.
  if ((await ports.records.read(scope, externalId)) === null) return;
  ports.log.error("a state of a record is not in its history: its data left the bucket before it was told", {
    partner,
    connectionId,
    resource,
  });
}

async function recordEvent(
  ports: PublishPorts,
  { before, after }: Extract<Change, { kind: "record" }>,
  tenants: Tenants,
): Promise<ChangeEvent | null> {
  // Only what is newer as a state makes a version; a write that moved the order alone says nothing to anybody.
  if (before?.version === after.version) return null;
  const entry = historyOf(before, after);
  const { partner, connectionId } = entry;
  const tenantId = await tenants(partner, connectionId);
  // Of a connection that is gone nothing is kept and nothing told: it may have been erased.
  if (tenantId === null && (await ports.connections.isGone(partner, { connectionId }))) {
    // A worker that had it in hand wrote it when everything else was gone already.
    await ports.eraser.clearStates(after, after.externalId, "history-and-record");
    return null;
  }
  if ((await ports.history.append(entry)) === "appended")
    ports.metrics.count("RecordsChanged", 1, { partner: entry.partner, kind: entry.change });
  return recordEventOf(entry, after.model, tenantId);
}

/** A batch is mostly of a few connections: each is asked for once. */
function tenantsOf(ports: PublishPorts): Tenants {
  const known = new Map<string, Promise<string | null>>();
  return (partner, connectionId) => {
    const key = `${partner}#${connectionId}`;
    const tenant =
      known.get(key) ??
      ports.connections.read(partner, connectionId).then((connection) => connection?.tenantId ?? null);
    known.set(key, tenant);
    return tenant;
  };
}
