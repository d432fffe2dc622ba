import { describe, expect, test } from "vitest";
import { compareJob } from "../../lib/engine/compare-job.ts";
import { comparisonName, isOver, readComparison } from "../../lib/engine/comparison.ts";
import { sampleRecords } from "../../lib/flows/sample-records.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { jsonAnswer } from "../support/memory-ports.ts";
import { AcmeServer, chokingAmount, connectedPorts, connectionId } from "./support/acme.ts";
import { runUntilIdle } from "./support/world.ts";

const of = { partner: "acme", connectionId, resource: "orders" };
const name = comparisonName("orders");

async function comparisonOf(ports: MemoryPorts) {
  return readComparison((await ports.connections.readNote("acme", connectionId, name))?.body);
}

const outcomesOf = async (ports: MemoryPorts) =>
  Object.fromEntries(
    (await comparisonOf(ports))?.things?.map(({ externalId, outcome }) => [externalId, outcome]) ?? [],
  );

/** Imported, and then changed at Acme with nobody told of it. */
async function driftedPorts(): Promise<{ readonly ports: MemoryPorts; readonly server: AcmeServer }> {
  const server = new AcmeServer(5);
  const ports = await connectedPorts(server);
  await runUntilIdle(ports);
  ports.clock.advance(10_000);
  server.orders.set("order-1", 111);
  server.orders.delete("order-2");
  server.orders.set("order-3", chokingAmount);
  return { ports, server };
}

async function ask(ports: MemoryPorts, id = "c1", sample = 20): Promise<void> {
  const nowMs = ports.clock.nowMs();
  const body = { id, askedAtMs: nowMs, updatedAtMs: nowMs, sample, things: null };
  const revision = ((await ports.connections.readNote("acme", connectionId, name))?.revision ?? 0) + 1;
  await ports.connections.writeNote({ partner: "acme", owner: connectionId, name, revision, body });
  await ports.lanes.send(compareJob(of, { id, trace: "t" }, nowMs), 0);
}

const drifted = { "order-0": "same", "order-1": "different", "order-2": "gone", "order-3": "unfit", "order-4": "same" };

describe("a comparison", () => {
  test("tells of each thing whether the partner has it as we have, and mends what differs", async () => {
    const { ports } = await driftedPorts();
    await ask(ports);
    await runUntilIdle(ports);
    expect(await outcomesOf(ports)).toEqual(drifted);
    expect(ports.metrics.total("CompareMended")).toBe(2);
    expect(await ports.records.read(of, "order-1")).toMatchObject({ version: 2, data: { amount: "111" } });
    expect(await ports.records.read(of, "order-2")).toMatchObject({ deleted: true });
    expect(await ports.records.read(of, "order-0")).toMatchObject({ version: 1 });
    await ask(ports, "c2");
    await runUntilIdle(ports);
    expect(await outcomesOf(ports)).toEqual({
      "order-0": "same",
      "order-1": "same",
      "order-3": "unfit",
      "order-4": "same",
    });
    expect(ports.metrics.total("CompareMended")).toBe(2);
  });

  test("comes to the same end wherever its worker dies", async () => {
    const calls = await driftedPorts().then(async ({ ports }) => {
      await ask(ports);
      return (await runUntilIdle(ports)).calls;
    });
    expect(calls).toBeGreaterThan(20);
    for (let atCall = 1; atCall <= calls; atCall++)
      for (const when of ["before", "after"] as const) {
        const { ports } = await driftedPorts();
        await ask(ports);
        await runUntilIdle(ports, { atCall, when });
        expect(await outcomesOf(ports), `died ${when} call ${atCall}`).toEqual(drifted);
      }
  }, 60_000);

  test("says of a thing that the partner will not give that it was refused, and goes on", async () => {
    const { ports, server } = await driftedPorts();
    ports.transport.respond((request) => {
      if (request.url.endsWith("order-0")) return jsonAnswer(422, { error: "not this one" });
      const { status, body } = server.answer(request.url);
      return jsonAnswer(status, body);
    });
    await ask(ports);
    await runUntilIdle(ports);
    expect(await outcomesOf(ports)).toEqual({ ...drifted, "order-0": "refused" });
  });

  test("that was asked for anew leaves the former's message nothing to do", async () => {
    const { ports } = await driftedPorts();
    await ask(ports, "c1");
    await ask(ports, "c2", 2);
    await runUntilIdle(ports);
    const comparison = await comparisonOf(ports);
    expect(comparison).toMatchObject({ id: "c2" });
    expect(comparison?.things).toHaveLength(2);
    expect(comparison !== null && isOver(comparison)).toBe(true);
  });
});

test("a sample is of things by chance, of those beyond the first thousand too, and of none that is deleted", async () => {
  const server = new AcmeServer(3_000, 500);
  const ports = await connectedPorts(server);
  await runUntilIdle(ports);
  const first = new Set((await ports.records.digests(of, null, 1_000)).marks.map(({ externalId }) => externalId));
  const samples = await Promise.all(Array.from({ length: 20 }, () => sampleRecords(ports, of, 10)));
  expect(samples.every((sample) => new Set(sample).size === 10)).toBe(true);
  expect(samples.flat().some((id) => !first.has(id))).toBe(true);
  expect(new Set(samples.flat()).size).toBeGreaterThan(50);
});
