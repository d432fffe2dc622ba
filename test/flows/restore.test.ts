import { expect, test } from "vitest";
import { startRun } from "../../lib/flows/start-run.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { acme, AcmeServer, connectedPorts, connection, connectionId } from "./support/acme.ts";
import { runUntilIdle } from "./support/world.ts";

/*
 * docs/runbooks/restore.md: the records' table went back to a moment before, the watermarks did not. Changes in between are
 * asked for by no import of changes; a pass over everything finds them.
 */

const scope = { partner: "acme", connectionId, resource: "orders" };
const amountsOf = (ports: MemoryPorts) =>
  Object.fromEntries(
    ports.records.all().map((record) => [record.externalId, record.deleted ? null : record.data.amount]),
  );

async function importChanges(ports: MemoryPorts): Promise<void> {
  ports.clock.advance(300_000);
  await runUntilIdle(ports);
}

/** Puts records back to what they were, as a restored table has them. */
async function restore(ports: MemoryPorts, former: ReturnType<MemoryPorts["records"]["all"]>): Promise<void> {
  for (const record of ports.records.all()) ports.records.forget(record);
  for (const record of former) await ports.records.write(scope, { ...record, orderedBy: "fetch" }, null);
}

test("records from before are put right by a full pass, and not by an import of changes", async () => {
  const server = new AcmeServer(6);
  const ports = await connectedPorts(server);
  await runUntilIdle(ports);
  const former = ports.records.all();
  server.orders.set("order-1", 111);
  server.orders.set("order-new", 7);
  server.changes.push("order-1", "order-new");
  await importChanges(ports);
  const truth = { ...amountsOf(ports) };
  expect(truth).toMatchObject({ "order-1": "111", "order-new": "7" });
  server.changes.length = 0;

  await restore(ports, former);
  await importChanges(ports);
  expect(amountsOf(ports)).toMatchObject({ "order-1": "1" });
  expect(amountsOf(ports)).not.toHaveProperty("order-new");

  const state = await ports.connections.readResource("acme", connectionId, "orders");
  if (state === null) throw new Error("no state");
  await startRun(ports, {
    driver: acme,
    connection,
    state,
    mode: "full",
    trigger: "manual",
    slot: "after-the-restore",
  });
  await runUntilIdle(ports);
  expect(amountsOf(ports)).toEqual(truth);
});

test("a run that is active again at an old checkpoint goes on from there, and undoes nothing", async () => {
  const server = new AcmeServer(25);
  const ports = await connectedPorts(server);
  await runUntilIdle(ports);
  const [run] = ports.runs.all();
  if (run === undefined) throw new Error("no run");
  server.orders.set("order-2", 222);
  server.changes.push("order-2");
  await importChanges(ports);
  const truth = amountsOf(ports);
  // As it stood in the middle of the first pass, in the table and among what stands still.
  const before = { ...run, status: { kind: "active", waiting: null }, lease: null, nextLookMs: 0 } as const;
  ports.runs.forget(run);
  await ports.runs.create({
    ...before,
    checkpoint: { ...run.checkpoint, position: { kind: "open", cursor: null, handled: [] } },
  });
  await runUntilIdle(ports);
  expect(ports.runs.all().every(({ status }) => status.kind === "done")).toBe(true);
  expect(amountsOf(ports)).toEqual(truth);
});
