import { describe, expect, test } from "vitest";
import * as z from "zod";
import { definePartner } from "../../lib/engine/define-partner.ts";
import type { PartnerDriver, ResourceDriver } from "../../lib/engine/define-partner.ts";
import type { Job } from "../../lib/engine/job.ts";
import { queuePages } from "../../lib/engine/pages/acknowledged-queue.ts";
import type { Run } from "../../lib/engine/run.ts";
import { consumeJob } from "../../lib/flows/consume-job.ts";
import { fanOut } from "../../lib/flows/fan-out.ts";
import { replayFailure } from "../../lib/flows/replay-failure.ts";
import { startMs } from "../support/memory-ports.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { numberedPages } from "./support/acme.ts";
import { connectedDelta, delta, deltaConnection, DeltaServer, recordsOf, truthOf } from "./support/delta.ts";
import { runUntilIdle } from "./support/world.ts";

const { connectionId } = deltaConnection;
const dayMs = 86_400_000;

async function imported(count: number): Promise<{ readonly ports: MemoryPorts; readonly server: DeltaServer }> {
  const server = new DeltaServer(count);
  const ports = await connectedDelta(server);
  await runUntilIdle(ports, null, delta);
  return { ports, server };
}

/** What the next full pass asks for. */
async function passAgain(ports: MemoryPorts, server: DeltaServer): Promise<readonly string[]> {
  const before = server.calls.length;
  ports.clock.advance(dayMs);
  await runUntilIdle(ports, null, delta);
  return server.calls.slice(before);
}

async function lastRun(ports: MemoryPorts): Promise<Run | undefined> {
  return (await ports.runs.list("delta", connectionId, { limit: 1, cursor: null })).items[0];
}

async function failures(ports: MemoryPorts) {
  return (await ports.failures.list({}, { limit: 100, cursor: null })).items;
}

/** Delta with orders that are asked for in another way. */
function withOrders(changes: Partial<ResourceDriver>): PartnerDriver {
  const { orders } = delta.resources;
  if (orders === undefined) throw new Error("delta has orders");
  return definePartner({ ...delta, resources: { ...delta.resources, orders: { ...orders, ...changes } } });
}

function webhook(touched: readonly string[], nowMs: number): Job {
  const body = { kind: "text", text: JSON.stringify({ touched }) } as const;
  return {
    version: 1,
    id: "webhook-1",
    partner: "delta",
    connectionId,
    lane: "webhooks",
    attempts: 0,
    hops: 0,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + dayMs,
    trace: "trace",
    replayOf: null,
    work: { kind: "webhook", receivedAtMs: nowMs, contentType: "application/json", body },
  };
}

describe("the children of an import's things", () => {
  test("are all fetched the first time, in batches where the partner takes them", async () => {
    const { ports, server } = await imported(25);
    expect(recordsOf(ports)).toEqual(truthOf(server));
    const batches = server.callsOf("/transactions?").map((call) => call.split("order-").length - 1);
    expect(batches.toSorted((a, b) => b - a)).toEqual([10, 10, 5]);
    expect(server.callsOf("/details/")).toHaveLength(25);
    const run = await lastRun(ports);
    expect(run?.progress).toMatchObject({
      fetched: 25,
      created: 25,
      children: {
        details: { due: 0, parents: 25, created: 25, parked: 0 },
        media: { due: 0, parents: 25, created: 50 },
        captions: { due: 0, parents: 50, created: 50 },
        transactions: { due: 0, parents: 25, created: 25 },
      },
    });
  });

  test("are fetched again for what changed alone", async () => {
    const { ports, server } = await imported(30);
    expect((await passAgain(ports, server)).every((call) => call.startsWith("/orders?"))).toBe(true);
    server.orders.set("order-3", 1_003);
    server.orders.set("order-28", 1_028);
    const calls = await passAgain(ports, server);
    expect(calls.filter((call) => call.startsWith("/details/")).toSorted()).toEqual([
      "/details/order-28",
      "/details/order-3",
    ]);
    expect(calls.filter((call) => call.startsWith("/transactions"))).toHaveLength(2);
    expect(recordsOf(ports)).toEqual(truthOf(server));
  });

  test("are fetched for what a webhook names, although it stands unchanged", async () => {
    const { ports, server } = await imported(12);
    ports.clock.advance(60_000);
    const before = server.calls.length;
    const job = webhook(["order-5"], ports.clock.nowMs());
    await consumeJob(ports, job, { workerId: "worker", deadlineMs: ports.clock.nowMs() + 30_000 });
    expect(server.calls.slice(before).toSorted()).toEqual([
      "/details/order-5",
      "/orders/order-5",
      "/orders/order-5/media?page=0",
      "/orders/order-5/media?page=1",
      "/transactions?orders=order-5&page=0",
    ]);
  });

  test("at most five at once", async () => {
    const server = new DeltaServer(25);
    const ports = await connectedDelta(server);
    let underWay = 0;
    let most = 0;
    const { transport } = ports;
    const counted = {
      ...ports,
      transport: {
        send: async (request: Parameters<typeof transport.send>[0]) => {
          most = Math.max(most, ++underWay);
          for (let turn = 0; turn < 20; turn++) await Promise.resolve();
          underWay--;
          return transport.send(request);
        },
      },
    };
    await fanOut(counted, delta);
    for (const job of ports.lanes.take("imports", ports.clock.nowMs()))
      await consumeJob(counted, job, { workerId: "worker", deadlineMs: ports.clock.nowMs() + 30_000 });
    expect(most).toBe(5);
    expect(recordsOf(ports)).toEqual(truthOf(server));
  });
});

describe("children that the partner does not give", () => {
  test.each([
    ["a detail", "/details/order-7", "children-details-orders-order-7", "details order-7"],
    ["a list", "/orders/order-7/media", "children-media-orders-order-7", "media order-7-m0"],
  ])("%s alone is parked, and all others come", async (_, path, failureId, missing) => {
    const server = new DeltaServer(25);
    server.refuse = (call) => (call.startsWith(path) ? { status: 400 } : null);
    const ports = await connectedDelta(server);
    await runUntilIdle(ports, null, delta);
    expect((await failures(ports)).map((failure) => failure.failureId)).toEqual([failureId]);
    const absent = [...truthOf(server).keys()].filter((key) => !recordsOf(ports).has(key));
    expect(absent).toContain(missing);
    expect(absent.every((key) => key.includes("order-7"))).toBe(true);
    expect((await lastRun(ports))?.status.kind).toBe("done");

    const [parked] = await failures(ports);
    server.refuse = () => null;
    if (parked !== undefined) await replayFailure(ports, parked);
    await runUntilIdle(ports, null, delta);
    expect(recordsOf(ports)).toEqual(truthOf(server));
    expect((await failures(ports)).map(({ status }) => status)).toEqual(["resolved"]);
  });

  test("a batch is halved until the one is found that spoils it", async () => {
    const server = new DeltaServer(25);
    const spoilt = /order-7(?!\d)/;
    server.refuse = (call) => (call.startsWith("/transactions") && spoilt.test(call) ? { status: 400 } : null);
    const ports = await connectedDelta(server);
    await runUntilIdle(ports, null, delta);
    expect((await failures(ports)).map(({ failureId }) => failureId)).toEqual(["children-transactions-orders-order-7"]);
    const absent = [...truthOf(server).keys()].filter((key) => !recordsOf(ports).has(key));
    expect(absent).toEqual(["transactions order-7-t"]);
    expect(server.callsOf("/transactions").length).toBeLessThanOrEqual(3 + 2 * Math.ceil(Math.log2(10)));
  });

  test("a batch that answers about others is not believed", async () => {
    const server = new DeltaServer(4);
    const ports = await connectedDelta(server);
    const { transport } = ports;
    const unfiltered = {
      send: (request: Parameters<typeof transport.send>[0]) =>
        transport.send({ ...request, url: request.url.replace("orders=order-0", "orders=order-3%2Corder-0") }),
    };
    const job = webhook(["order-0"], startMs);
    const context = { workerId: "worker", deadlineMs: startMs + 30_000 };
    await consumeJob({ ...ports, transport: unfiltered }, job, context);
    expect((await failures(ports)).map(({ why }) => why.code)).toEqual(["unfiltered-batch"]);
    expect([...recordsOf(ports).keys()].some((key) => key.startsWith("transactions"))).toBe(false);
  });

  test("one that fails for hours holds the others up no longer than a run's patience", async () => {
    const server = new DeltaServer(25);
    server.refuse = (call) => (call === "/details/order-7" ? { status: 500 } : null);
    const ports = await connectedDelta(server);
    await runUntilIdle(ports, null, delta);
    expect((await lastRun(ports))?.status.kind).toBe("done");
    expect((await failures(ports)).map(({ failureId }) => failureId)).toEqual(["children-details-orders-order-7"]);
    const absent = [...truthOf(server).keys()].filter((key) => !recordsOf(ports).has(key));
    expect(absent).toEqual(["details order-7"]);
  });

  test("what is deleted takes its detail with it", async () => {
    const { ports, server } = await imported(12);
    server.orders.delete("order-4");
    await passAgain(ports, server);
    const keys = [...recordsOf(ports).keys()];
    expect(keys).not.toContain("orders order-4");
    expect(keys).not.toContain("details order-4");
    // A list that nobody can ask for any more says nothing of what was in it.
    expect(keys).toContain("media order-4-m0");
  });
});

describe("a cascade that is stopped", () => {
  test("by a limit goes on from there", async () => {
    const server = new DeltaServer(25);
    const ports = await connectedDelta(server);
    let refusals = 0;
    ports.gate.refuseWhen(() => {
      const full = ports.gate.reservations.length % 20 === 0;
      if (full) refusals++;
      return full ? { kind: "refused", retryAtMs: ports.clock.nowMs() + 60_000, reason: "limit" } : null;
    });
    await runUntilIdle(ports, null, delta);
    expect(refusals).toBeGreaterThan(5);
    expect(recordsOf(ports)).toEqual(truthOf(server));
    expect(server.calls.length).toBe(new Set(server.calls).size);
  });

  test("by the end of its time checks in, and goes on from there", async () => {
    const server = new DeltaServer(25);
    const ports = await connectedDelta(server);
    ports.transport.respond(({ url }) => {
      ports.clock.advance(1_000);
      const { status, body } = server.answer(url);
      return { kind: "answered", status, headers: {}, body: Buffer.from(JSON.stringify(body)) };
    });
    await fanOut(ports, delta);
    const [job] = ports.lanes.take("imports", ports.clock.nowMs());
    if (job === undefined) throw new Error("no run was started");
    await consumeJob(ports, job, { workerId: "worker", deadlineMs: ports.clock.nowMs() + 15_000 });
    const run = await lastRun(ports);
    expect(run).toMatchObject({ status: { kind: "active" }, sequence: 1, lease: null });
    expect(run?.checkpoint.position).toMatchObject({ kind: "cascade", next: { kind: "end" } });
    const due = Object.values(run?.progress.children ?? {}).reduce((sum, child) => sum + child.due, 0);
    expect(due).toBeGreaterThan(0);
    await runUntilIdle(ports, null, delta);
    expect(recordsOf(ports)).toEqual(truthOf(server));
    expect(server.calls.length).toBe(new Set(server.calls).size);
  });
});

test("a list that outlasts a turn goes on at its next page", async () => {
  const server = new DeltaServer(25);
  const ports = await connectedDelta(server);
  ports.transport.respond(({ url }) => {
    if (url.includes("/media?")) ports.clock.advance(2_500);
    const { status, body } = server.answer(url);
    return { kind: "answered", status, headers: {}, body: Buffer.from(JSON.stringify(body)) };
  });
  await fanOut(ports, delta);
  const [job] = ports.lanes.take("imports", ports.clock.nowMs());
  if (job === undefined) throw new Error("no run was started");
  await consumeJob(ports, job, { workerId: "worker", deadlineMs: ports.clock.nowMs() + 12_000 });
  const position = (await lastRun(ports))?.checkpoint.position;
  const begun = position?.kind === "cascade" ? position.due.filter(({ cursor }) => cursor !== null) : [];
  expect(begun.map(({ child, cursor }) => ({ child, cursor }))).toContainEqual({ child: "media", cursor: { page: 1 } });
  await runUntilIdle(ports, null, delta);
  expect(recordsOf(ports)).toEqual(truthOf(server));
  expect(server.calls.length).toBe(new Set(server.calls).size);
});

describe("a cascade below other kinds of pages", () => {
  test("follows what a feed names, and only if it changed", async () => {
    const server = new DeltaServer(12);
    const followed = withOrders({
      increment: {
        kind: "feed",
        overlapMs: 60_000,
        reachMs: 7 * dayMs,
        path: "/changes",
        page: numberedPages,
        query: (sinceMs) => ({ since: String(sinceMs) }),
        schema: z.object({ order: z.string() }),
        touches: (item) => [z.object({ order: z.string() }).parse(item).order],
      },
    });
    const ports = await connectedDelta(server, followed);
    await runUntilIdle(ports, null, followed);
    server.orders.set("order-3", 1_003);
    server.changes.push("order-3", "order-4");
    const before = server.calls.length;
    ports.clock.advance(600_000);
    await runUntilIdle(ports, null, followed);
    const details = server.calls.slice(before).filter((call) => call.startsWith("/details/"));
    expect(details).toEqual(["/details/order-3"]);
    expect(recordsOf(ports)).toEqual(truthOf(server));
  });

  test("tells a queue at the partner that its page is kept when the children are", async () => {
    const server = new DeltaServer(3);
    const acknowledge = () => ({ method: "POST", path: "/acknowledged" }) as const;
    const page = queuePages({ items: "items", receipt: "id", acknowledge, limit: { parameter: "max", size: 50 } });
    const queued = withOrders({ page });
    const ports = await connectedDelta(server, queued);
    await runUntilIdle(ports, null, queued);
    const told = server.calls.indexOf("/acknowledged");
    expect(server.calls.slice(0, told)).toEqual(expect.arrayContaining([...server.callsOf("/details/")]));
    expect(server.callsOf("/acknowledged")).toHaveLength(1);
    expect(recordsOf(ports)).toEqual(truthOf(server));
  });

  test("waits for a new credential, and forgets nothing meanwhile", async () => {
    const server = new DeltaServer(12);
    const ports = await connectedDelta(server);
    server.refuse = (call) => (call.startsWith("/details/order-7") ? { status: 401 } : null);
    await fanOut(ports, delta);
    for (const job of ports.lanes.take("imports", ports.clock.nowMs()))
      await consumeJob(ports, job, { workerId: "worker", deadlineMs: ports.clock.nowMs() + 30_000 });
    const lost = await ports.connections.read("delta", connectionId);
    expect(lost?.status).toBe("needs-reconnect");
    server.refuse = () => null;
    if (lost !== null)
      await ports.connections.compareAndSet({ ...lost, status: "active", revision: lost.revision + 1 });
    await runUntilIdle(ports, null, delta);
    expect(recordsOf(ports)).toEqual(truthOf(server));
    expect(await failures(ports)).toEqual([]);
  });
});

test("a driver that names children it has no resource for is refused", () => {
  const { orders } = delta.resources;
  if (orders === undefined) throw new Error("delta has orders");
  expect(() => definePartner({ ...delta, resources: { orders } })).toThrow(/orders has children "details"/);
});
