import { describe, expect, test } from "vitest";
import type { StoredRecord } from "../../lib/engine/record.ts";
import { publishChange } from "../../lib/flows/publish-change.ts";
import { createMemoryPorts, startMs } from "../support/memory-ports.ts";

const scope = { partner: "acme", connectionId: "acme_1", resource: "orders" };

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

describe("a change", () => {
  test("is kept with what changed and what brought it", async () => {
    const ports = createMemoryPorts();
    await publishChange(ports, { before: null, after: state(1) });
    await publishChange(ports, { before: state(1), after: state(2) });
    await publishChange(ports, { before: state(2), after: state(3, { deleted: true, data: state(2).data }) });
    await publishChange(ports, { before: state(3, { deleted: true }), after: state(4) });
    const history = await ports.history.list(scope, "order-1", 10);
    expect(history.map((entry) => [entry.version, entry.change, entry.changed, entry.source.id])).toEqual([
      [4, "restored", ["amount"], "webhook-4"],
      [3, "deleted", [], "webhook-3"],
      [2, "updated", ["amount"], "webhook-2"],
      [1, "created", [], "webhook-1"],
    ]);
  });

  test("that the stream tells of twice is kept once, as it was first told", async () => {
    const ports = createMemoryPorts();
    await publishChange(ports, { before: null, after: state(1) });
    await publishChange(ports, { before: null, after: state(1, { data: { amount: "other" } }) });
    expect(ports.history.entries).toHaveLength(1);
    expect(ports.history.entries[0]?.data).toEqual({ amount: "1", note: "same" });
    expect(ports.metrics.total("RecordsChanged")).toBe(1);
  });

  test("of a field that comes or goes is named", async () => {
    const ports = createMemoryPorts();
    await publishChange(ports, { before: state(1), after: state(2, { data: { amount: "1", more: null } }) });
    expect(ports.history.entries[0]?.changed.toSorted()).toEqual(["more", "note"]);
  });
});
