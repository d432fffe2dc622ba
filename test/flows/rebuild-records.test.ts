import { expect, test } from "vitest";
import { streamLagMsMax } from "../../lib/engine/rebuild.ts";
import type { StoredRecord } from "../../lib/engine/record.ts";
import { publishChanges } from "../../lib/flows/publish-changes.ts";
import { rebuildRecords } from "../../lib/flows/rebuild-records.ts";
import { createMemoryPorts } from "../support/memory-ports.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { candidateOf } from "../support/port-values.ts";

const scope = { partner: "acme", connectionId: "acme_1", resource: "orders" };
const page = { limit: 100, cursor: null };

async function write(ports: MemoryPorts, externalId: string, amount: number, told: boolean): Promise<void> {
  const before = await ports.records.read(scope, externalId);
  const mark = (await ports.records.marks(scope, [externalId])).get(externalId) ?? null;
  const next = { externalId, order: amount, digest: `digest ${amount}`, data: { amount } };
  await ports.records.write(scope, candidateOf(next), mark);
  const after = await readBack(ports, externalId);
  if (told) await publishChanges(ports, [{ sequence: "1", read: async () => ({ kind: "record", before, after }) }]);
}

async function readBack(ports: MemoryPorts, externalId: string): Promise<StoredRecord> {
  const record = await ports.records.read(scope, externalId);
  if (record === null) throw new Error("it was written just now");
  return record;
}

test("records whose every change was told are rebuilt the same", async () => {
  const ports = createMemoryPorts();
  for (const amount of [1, 2, 3]) await write(ports, "a", amount, true);
  await write(ports, "b", 1, true);
  expect(await rebuildRecords(ports, scope, page, false)).toEqual({
    checked: 2,
    same: 2,
    others: [],
    repaired: 0,
    next: null,
  });
});

test("a change that the stream never told is a gap once its time has passed, and is repaired when asked", async () => {
  const ports = createMemoryPorts();
  await write(ports, "a", 1, true);
  await write(ports, "a", 2, false);
  await write(ports, "never-told", 5, false);
  const verdicts = async (repair: boolean) => (await rebuildRecords(ports, scope, page, repair)).others;
  expect(await verdicts(true)).toEqual([
    { externalId: "a", verdict: "behind" },
    { externalId: "never-told", verdict: "behind" },
  ]);
  ports.clock.advance(streamLagMsMax + 1);
  expect((await verdicts(false)).map(({ verdict }) => verdict)).toEqual(["gap", "gap"]);
  ports.events.published.length = 0;
  expect((await rebuildRecords(ports, scope, page, true)).repaired).toBe(2);
  expect(await verdicts(false)).toEqual([]);
  expect(ports.events.published.map(({ type, id }) => [type, id])).toEqual([
    ["record.updated", "acme#acme_1#orders#a#2"],
    ["record.created", "acme#acme_1#orders#never-told#1"],
  ]);
  expect((await ports.history.list(scope, "a", 1))[0]).toMatchObject({ version: 2, changed: ["amount"] });
});

test("a record that is not what its history says is different, and is left as it is", async () => {
  const ports = createMemoryPorts();
  await write(ports, "a", 1, true);
  const entry = ports.history.entries[0];
  if (entry === undefined) throw new Error("it was told");
  ports.history.entries[0] = { ...entry, data: { amount: 7 } };
  ports.clock.advance(streamLagMsMax + 1);
  const rebuilt = await rebuildRecords(ports, scope, page, true);
  expect(rebuilt).toMatchObject({ others: [{ externalId: "a", verdict: "different" }], repaired: 0 });
});
