import { describe, expect, test } from "vitest";
import type { StoredRecord } from "../../lib/engine/record.ts";
import { publishChanges } from "../../lib/flows/publish-changes.ts";
import type { Change, ChangeReader } from "../../lib/flows/publish-changes.ts";
import { createMemoryPorts, startMs } from "../support/memory-ports.ts";
import { candidateOf, connectionOf, failureOf } from "../support/port-values.ts";

const owner = { partner: "acme", connectionId: "acme_1" };
const scope = { ...owner, resource: "orders" };

function state(version: number, over: Partial<StoredRecord> = {}): StoredRecord {
  return {
    ...scope,
    externalId: "order-1",
    model: "order",
    digest: `digest-${version}`,
    order: startMs + version,
    deleted: false,
    fetchedAtMs: startMs,
    writtenAtMs: startMs,
    source: { kind: "webhook", id: `webhook-${version}` },
    version,
    data: { amount: String(version), note: "same" },
    ...over,
  };
}

function record(before: StoredRecord | null, after: StoredRecord): Change {
  return { kind: "record", before, after };
}

/** The changes as a stream brings them, in sequence from 0. */
function stream(...changes: readonly (Change | Error)[]): readonly ChangeReader[] {
  return changes.map((change, index) => ({
    sequence: String(index),
    read: async () => {
      if (change instanceof Error) throw change;
      return change;
    },
  }));
}

describe("a record's change", () => {
  test("is kept with what changed and what brought it", async () => {
    const ports = createMemoryPorts();
    const changes = stream(
      record(null, state(1)),
      record(state(1), state(2)),
      record(state(2), state(3, { deleted: true, data: state(2).data })),
      record(state(3, { deleted: true }), state(4)),
    );
    expect(await publishChanges(ports, changes)).toBeNull();
    const history = await ports.history.list(scope, "order-1", 10);
    expect(history.map((entry) => [entry.version, entry.change, entry.changed, entry.source.id])).toEqual([
      [4, "restored", ["amount"], "webhook-4"],
      [3, "deleted", [], "webhook-3"],
      [2, "updated", ["amount"], "webhook-2"],
      [1, "created", [], "webhook-1"],
    ]);
    expect(ports.events.published.map(({ type, id }) => [type, id.split("#").at(-1)])).toEqual([
      ["record.created", "1"],
      ["record.updated", "2"],
      ["record.deleted", "3"],
      ["record.created", "4"],
    ]);
  });

  test("that the stream tells of twice is kept once, as it was first told, and told again under the same id", async () => {
    const ports = createMemoryPorts();
    await publishChanges(ports, stream(record(null, state(1))));
    await publishChanges(ports, stream(record(null, state(1, { data: { amount: "other" } }))));
    expect(ports.history.entries).toHaveLength(1);
    expect(ports.history.entries[0]?.data).toEqual({ amount: "1", note: "same" });
    expect(ports.metrics.total("RecordsChanged")).toBe(1);
    expect(new Set(ports.events.published.map(({ id }) => id))).toEqual(new Set(["acme#acme_1#orders#order-1#1"]));
  });

  test("of a field that comes or goes is named", async () => {
    const ports = createMemoryPorts();
    await publishChanges(ports, stream(record(state(1), state(2, { data: { amount: "1", more: null } }))));
    expect(ports.history.entries[0]?.changed.toSorted()).toEqual(["more", "note"]);
  });

  test("that moved no version is told to nobody", async () => {
    const ports = createMemoryPorts();
    await publishChanges(ports, stream(record(state(1), state(1, { order: startMs + 9 }))));
    expect(ports.history.entries).toEqual([]);
    expect(ports.events.published).toEqual([]);
  });

  test("names the tenant, and leaves out data that is too large for an event", async () => {
    const ports = createMemoryPorts();
    await ports.connections.create(connectionOf(owner, { tenantId: "tenant-7" }));
    const large = state(1, { externalId: "order-2", data: { note: "x".repeat(70_000) } });
    await publishChanges(ports, stream(record(null, state(1)), record(null, large)));
    expect(ports.events.published.map(({ detail }) => [detail, "data" in detail && detail.data])).toMatchObject([
      [{ tenantId: "tenant-7", model: "order" }, { amount: "1" }],
      [{ tenantId: "tenant-7" }, null],
    ]);
  });
});

describe("a batch", () => {
  test("stops at the change that cannot be read, with all before it told", async () => {
    const ports = createMemoryPorts();
    const changes = stream(record(null, state(1)), new Error("the bucket is away"), record(state(1), state(2)));
    expect(await publishChanges(ports, changes)).toBe("1");
    expect(ports.events.published.map(({ id }) => id.split("#").at(-1))).toEqual(["1"]);
    expect(ports.history.entries).toHaveLength(1);
  });

  test("comes again from the first change that the bus did not take", async () => {
    const ports = createMemoryPorts();
    const changes = stream(...Array.from({ length: 25 }, (_, index) => record(null, state(index + 1))));
    const publish = ports.events.publish.bind(ports.events);
    let calls = 0;
    ports.events.publish = async (events) => {
      ports.events.refuses = ++calls === 2;
      return publish(events);
    };
    expect(await publishChanges(ports, changes)).toBe("10");
    expect(ports.events.published).toHaveLength(10);
    expect(await publishChanges(ports, changes.slice(10))).toBeNull();
    expect(ports.events.published.map(({ id }) => Number(id.split("#").at(-1)))).toEqual(
      Array.from({ length: 25 }, (_, index) => index + 1),
    );
  });
});

describe("a connection's change", () => {
  const connection = connectionOf(owner, { revision: 3 });
  const next = { ...connection, revision: 4 };

  test.each([
    ["connection.created", null, connection],
    ["connection.removed", connection, null],
    ["connection.paused", connection, { ...next, status: "paused" as const }],
    ["connection.needs-reconnect", connection, { ...next, status: "needs-reconnect" as const }],
    ["connection.resumed", { ...connection, status: "paused" as const }, next],
    ["connection.updated", connection, next],
  ])("%s is told", async (type, before, after) => {
    const ports = createMemoryPorts();
    await publishChanges(ports, stream({ kind: "connection", before, after }));
    expect(ports.events.published).toMatchObject([{ type, detail: { status: after?.status ?? null } }]);
  });

  test("of nothing but how it is stored is told to nobody", async () => {
    const ports = createMemoryPorts();
    await publishChanges(ports, stream({ kind: "connection", before: connection, after: connection }));
    expect(ports.events.published).toEqual([]);
  });
});

describe("what comes too late for an erasure", () => {
  test("is taken away: the record that a worker still wrote of a connection that is gone, and nothing of another", async () => {
    const ports = createMemoryPorts();
    const gone = connectionOf(owner);
    await ports.connections.create(gone);
    const candidate = candidateOf({ externalId: "order-1" });
    for (const connectionId of ["acme_1", "acme_2"])
      await ports.records.write({ ...scope, connectionId }, candidate, null);
    const late = await ports.records.read(scope, "order-1");
    if (late === null) throw new Error("it was not written");
    const mark = { ...owner, stage: "removed", tenantId: "tenant-1", account: null, quotaItem: null } as const;
    await ports.eraser.mark({ ...mark, resources: ["orders"], markedAtMs: startMs, revision: gone.revision + 1 });
    expect(await publishChanges(ports, stream(record(null, late)))).toBeNull();
    expect(ports.records.all().map(({ connectionId }) => connectionId)).toEqual(["acme_2"]);
    expect([ports.history.entries, ports.events.published]).toEqual([[], []]);
  });

  test("is taken away: the state that came to a history after it was erased, as its record's end comes after it", async () => {
    const ports = createMemoryPorts();
    await ports.connections.create(connectionOf(owner));
    const other = { ...state(1), externalId: "order-2" };
    const removed = { kind: "record-removed", scope, externalId: "order-1" } as const;
    await publishChanges(ports, stream(record(null, other), record(null, state(1)), removed));
    expect(ports.history.entries.map(({ externalId }) => externalId)).toEqual(["order-2"]);
    // There anew, it has a history again.
    await publishChanges(ports, stream(record(null, state(1))));
    expect(await ports.history.list(scope, "order-1", 10)).toHaveLength(1);
  });

  test("is passed over: a state that was erased before it was told, and all after it is told", async () => {
    const ports = createMemoryPorts();
    const gone = connectionOf({ ...owner, connectionId: "acme_gone" });
    await ports.connections.create(gone);
    const mark = {
      ...owner,
      connectionId: "acme_gone",
      stage: "removed",
      tenantId: "tenant-1",
      account: null,
    } as const;
    const of = { quotaItem: null, resources: ["orders"], markedAtMs: startMs, revision: gone.revision + 1 };
    await ports.eraser.mark({ ...mark, ...of });
    const ofGone = { ...scope, connectionId: "acme_gone" };
    await ports.records.write(ofGone, candidateOf({ externalId: "order-1" }), null);
    const lost = (of: typeof scope) => ({ kind: "record-lost", scope: of, externalId: "order-1" }) as const;
    const next = record(null, { ...state(1), externalId: "order-2" });
    expect(await publishChanges(ports, stream(lost(scope), lost(ofGone), next))).toBeNull();
    expect(ports.history.entries.map(({ externalId }) => externalId)).toEqual(["order-2"]);
    expect(ports.records.all()).toEqual([]);
    expect(ports.log.lines).toEqual([]);
  });

  test("holds the stream up where the record stands and has lost its data: that is a fault", async () => {
    const ports = createMemoryPorts();
    ports.records.read = () => Promise.reject(new Error("its data is not in the bucket"));
    const lost = { kind: "record-lost", scope, externalId: "order-1" } as const;
    expect(await publishChanges(ports, stream(record(null, state(1)), lost))).toBe("1");
  });

  test("comes again from the first end whose states were not taken away", async () => {
    const ports = createMemoryPorts();
    const { clearStates } = ports.eraser;
    ports.eraser.clearStates = async (of, externalId, what) => {
      if (externalId === "order-3") throw new Error("the table is throttled");
      return clearStates.call(ports.eraser, of, externalId, what);
    };
    const end = (externalId: string) => ({ kind: "record-removed", scope, externalId }) as const;
    const ends = [end("order-2"), end("order-3")];
    expect(await publishChanges(ports, stream(record(null, state(1)), ...ends))).toBe("1");
    expect(await publishChanges(ports, stream(...ends, record(null, state(1))))).toBe("0");
    expect(await publishChanges(ports, stream(end("order-2"), new Error("the bucket is away")))).toBe("0");
  });
});

describe("a failure's change", () => {
  const failure = failureOf(owner);

  test("is told when it opens, comes again and is closed, and not while it is replayed", async () => {
    const ports = createMemoryPorts();
    const again = { ...failure, seen: failure.seen + 1 };
    const changes = stream(
      { kind: "failure", before: null, after: failure },
      { kind: "failure", before: failure, after: again },
      { kind: "failure", before: again, after: { ...again, status: "replaying", replays: 1 } },
      { kind: "failure", before: { ...again, status: "replaying" }, after: { ...again, status: "resolved" } },
      { kind: "failure", before: again, after: { ...again, status: "discarded" } },
    );
    await publishChanges(ports, changes);
    expect(ports.events.published.map(({ type }) => type)).toEqual([
      "failure.opened",
      "failure.opened",
      "failure.resolved",
      "failure.discarded",
    ]);
    expect(new Set(ports.events.published.map(({ id }) => id)).size).toBe(4);
    expect(JSON.stringify(ports.events.published)).not.toContain(failure.why.message);
  });
});
