import { expect, test } from "vitest";
import { PartnerError } from "../../lib/engine/errors.ts";
import { parkRecord } from "../../lib/flows/park-record.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { acme, AcmeServer, chokingAmount, connectedPorts, connection } from "./support/acme.ts";
import { runUntilIdle } from "./support/world.ts";

const dayMs = 86_400_000;
const openOf = (ports: MemoryPorts) =>
  ports.failures
    .all()
    .filter(({ status }) => status === "open")
    .map(({ failureId }) => failureId)
    .toSorted();

async function nextPass(ports: MemoryPorts): Promise<void> {
  ports.clock.advance(8 * dayMs);
  await runUntilIdle(ports);
}

async function parkedPorts(...amounts: readonly [string, number][]) {
  const server = new AcmeServer(25);
  for (const [id, amount] of amounts) server.orders.set(id, amount);
  const ports = await connectedPorts(server);
  await runUntilIdle(ports);
  return { server, ports };
}

test("a full pass that saves what was parked closes it, and leaves what it parks again", async () => {
  const { server, ports } = await parkedPorts(["order-1", chokingAmount], ["order-2", chokingAmount]);
  expect(openOf(ports)).toEqual(["record-orders-order-1", "record-orders-order-2"]);
  server.orders.set("order-1", 11);
  await nextPass(ports);
  expect(openOf(ports)).toEqual(["record-orders-order-2"]);
  expect(ports.metrics.total("ParkedClosed")).toBe(1);
});

test("what is gone at the partner is closed, what is parked of others or by an import of changes is not", async () => {
  const { server, ports } = await parkedPorts(["order-1", chokingAmount]);
  server.orders.delete("order-1");
  const error = new PartnerError({
    code: "bad-record",
    kind: "data",
    partner: "acme",
    message: "It does not fit.",
    cause: { expected: "an order", actual: "amount: invalid_type" },
  });
  const target = (resourceName: string) => {
    const { orders } = acme.resources;
    if (orders === undefined) throw new Error("acme has orders");
    const source = { kind: "webhook", id: "w" } as const;
    return { driver: acme, connection, resource: orders, resourceName, source, trace: "t" };
  };
  await parkRecord(ports, target("ordersOfOld"), error, {}, "order-1");
  await nextPass(ports);
  expect(openOf(ports)).toEqual(["record-ordersOfOld-order-1"]);
});

test("an import of changes closes nothing", async () => {
  const { server, ports } = await parkedPorts(["order-1", chokingAmount]);
  server.orders.set("order-1", 11);
  ports.clock.advance(600_000);
  await runUntilIdle(ports);
  expect(openOf(ports)).toEqual(["record-orders-order-1"]);
});

test("what is parked between the look and the closing stays open", async () => {
  const { server, ports } = await parkedPorts(["order-1", chokingAmount]);
  server.orders.set("order-1", 11);
  const { openBefore } = ports.failures;
  ports.failures.openBefore = async (...asked) => {
    const found = await openBefore.apply(ports.failures, asked);
    const [failure] = ports.failures.all();
    if (failure !== undefined) await ports.failures.record({ ...failure, lastSeenAtMs: ports.clock.nowMs() });
    return found;
  };
  await nextPass(ports);
  expect(openOf(ports)).toEqual(["record-orders-order-1"]);
});
