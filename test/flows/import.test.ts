import { describe, expect, test } from "vitest";
import * as z from "zod";
import { saveRecords } from "../../lib/flows/save-records.ts";
import { defineModel } from "../../lib/models/model.ts";
import { fanOut } from "../../lib/flows/fan-out.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { jsonAnswer, startMs } from "../support/memory-ports.ts";
import { acme, AcmeServer, chokingAmount, connectedPorts, connection, connectionId } from "./support/acme.ts";
import { runUntilIdle } from "./support/world.ts";

const stateOf = async (ports: MemoryPorts) => {
  const state = await ports.connections.readResource("acme", connectionId, "orders");
  if (state === null) throw new Error("the resource's state is gone");
  return state;
};

/** What Sluice holds, as the partner would say it. */
const recordsOf = (ports: MemoryPorts) =>
  new Map(
    ports.records
      .all()
      .filter((record) => !record.deleted)
      .map((record) => [record.externalId, record.data.amount]),
  );
const truthOf = (server: AcmeServer) => new Map([...server.orders].map(([id, amount]) => [id, String(amount)]));

describe("an import", () => {
  test("that is due passes over every page and ends with a watermark", async () => {
    const server = new AcmeServer(45);
    const ports = await connectedPorts(server);
    await runUntilIdle(ports);
    expect(recordsOf(ports)).toEqual(truthOf(server));
    const [run] = (await ports.runs.list("acme", connectionId, { limit: 10, cursor: null })).items;
    expect(run).toMatchObject({
      mode: "full",
      status: { kind: "done" },
      progress: { pages: 5, fetched: 45, created: 45 },
      lease: null,
    });
    expect(await stateOf(ports)).toMatchObject({
      activeRunId: null,
      watermarkMs: startMs,
      fullPassAtMs: startMs,
      lastError: null,
    });
  });

  test("that is due again asks the feed for the changes only", async () => {
    const server = new AcmeServer(20);
    const ports = await connectedPorts(server);
    await runUntilIdle(ports);
    server.calls.length = 0;
    server.orders.set("order-3", 333);
    server.orders.delete("order-4");
    server.changes.push("order-3", "order-4", "order-5", "order-3");
    ports.clock.set((await stateOf(ports)).nextDueMs ?? 0);
    await runUntilIdle(ports);
    expect(server.calls.toSorted()).toEqual([
      "/v1/changes?page=0",
      "/v1/orders/order-3",
      "/v1/orders/order-4",
      "/v1/orders/order-5",
    ]);
    expect(recordsOf(ports)).toEqual(truthOf(server));
    const gone = await ports.records.read({ partner: "acme", connectionId, resource: "orders" }, "order-4");
    expect(gone).toMatchObject({ deleted: true, version: 2, data: { amount: "4" } });
    const unchanged = await ports.records.read({ partner: "acme", connectionId, resource: "orders" }, "order-5");
    expect(unchanged?.version).toBe(1);
  });

  test("goes back to a full pass when the feed has forgotten the watermark", async () => {
    const server = new AcmeServer(5);
    const ports = await connectedPorts(server);
    await runUntilIdle(ports);
    ports.clock.advance(8 * 86_400_000);
    server.orders.set("order-1", 111);
    await runUntilIdle(ports);
    expect(recordsOf(ports)).toEqual(truthOf(server));
  });

  test("that is fired twice for one slot is one run", async () => {
    const ports = await connectedPorts(new AcmeServer(5));
    const before = await stateOf(ports);
    await fanOut(ports, acme);
    // The same slot once more, as after a death before the resource's next time was stored.
    const after = await stateOf(ports);
    await ports.connections.compareAndSetResource({ ...before, revision: after.revision + 1 });
    await fanOut(ports, acme);
    expect((await ports.runs.list("acme", connectionId, { limit: 10, cursor: null })).items).toHaveLength(1);
  });

  test("leaves when its time is up and another worker goes on from the checkpoint", async () => {
    const server = new AcmeServer(100);
    const ports = await connectedPorts(server);
    ports.transport.respond((request) => {
      ports.clock.advance(9_000);
      const { status, body } = server.answer(request.url);
      return jsonAnswer(status, body);
    });
    await runUntilIdle(ports);
    const [run] = (await ports.runs.list("acme", connectionId, { limit: 10, cursor: null })).items;
    expect(run?.sequence).toBeGreaterThan(1);
    expect(server.calls).toEqual(Array.from({ length: 10 }, (_, page) => `/v1/orders?page=${page}`));
    expect(recordsOf(ports)).toEqual(truthOf(server));
  });

  test("keeps nothing of what its driver says is not needed: not in records, not of what it parks", async () => {
    const { orders } = acme.resources;
    if (orders === undefined) throw new Error("acme has orders");
    const schema = z.looseObject({ id: z.string(), amount: z.number() });
    const model = defineModel(
      "order",
      1,
      z.strictObject({ amount: z.string(), extra: z.record(z.string(), z.unknown()) }),
    );
    const toRecord = (raw: unknown) => {
      const { id: _, amount, ...extra } = schema.parse(raw);
      return { amount: String(amount), extra };
    };
    // Both are as acme's own are, and what acme's functions read is in what this schema lets through.
    const careful = { ...orders, schema, model, toRecord, drop: ["guest.passport"] } as typeof orders;
    const ports = await connectedPorts(new AcmeServer(0));
    const item = (amount: unknown) => ({ amount, guest: { passport: "C01X00T47", town: "Bonn" } });
    const target = { driver: acme, connection, resourceName: "orders", resource: careful, trace: "trace-1" } as const;
    const raws = [
      { id: "order-1", ...item(7) },
      { id: "order-2", ...item("seven") },
    ];
    const fetched = { beganMs: startMs, lateMsMax: 60_000 };
    await saveRecords(ports, { ...target, source: { kind: "run", id: "run-1" } }, raws, fetched);
    expect(ports.records.all()).toMatchObject([{ data: { extra: { guest: { town: "Bonn" } } } }]);
    expect(ports.failures.all()[0]?.raw).toContain("Bonn");
    expect(JSON.stringify([ports.records.all(), ports.failures.all()])).not.toContain("C01X00T47");
  });

  test("parks a bad record with its raw form and goes on with the page", async () => {
    const server = new AcmeServer(10);
    const ports = await connectedPorts(server);
    ports.transport.respond((request) => {
      const { status, body } = server.answer(request.url);
      return jsonAnswer(status, JSON.parse(JSON.stringify(body).replace('"amount":7', '"amount":"seven"')));
    });
    await runUntilIdle(ports);
    expect(ports.records.all()).toHaveLength(9);
    const { items } = await ports.failures.list({ partner: "acme" }, { limit: 10, cursor: null });
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      status: "open",
      failureId: "record-orders-order-7",
      why: { code: "bad-record", kind: "data" },
      job: { work: { kind: "refresh", externalId: "order-7" } },
    });
    expect(items[0]?.raw).toContain("seven");
  });

  test("parks a record that the driver's own functions choke on, and goes on", async () => {
    const server = new AcmeServer(10);
    const ports = await connectedPorts(server);
    ports.transport.respond((request) => {
      const { status, body } = server.answer(request.url);
      return jsonAnswer(status, JSON.parse(JSON.stringify(body).replace('"amount":7', `"amount":${chokingAmount}`)));
    });
    await runUntilIdle(ports);
    expect(ports.records.all()).toHaveLength(9);
    const { items } = await ports.failures.list({ partner: "acme" }, { limit: 10, cursor: null });
    expect(items.map((failure) => [failure.failureId, failure.why.code])).toEqual([
      ["record-orders-order-7", "bad-mapping"],
    ]);
  });

  test("by feed parks the one thing that the partner will not give, and brings all others", async () => {
    const server = new AcmeServer(12);
    const ports = await connectedPorts(server);
    await runUntilIdle(ports);
    for (const id of ["order-1", "order-2", "order-3"]) server.orders.set(id, 100);
    server.changes.push("order-1", "order-2", "order-3");
    ports.transport.respond((request) => {
      if (request.url.endsWith("/orders/order-2")) return jsonAnswer(400, { error: "never" });
      const { status, body } = server.answer(request.url);
      return jsonAnswer(status, body);
    });
    ports.clock.set((await stateOf(ports)).nextDueMs ?? 0);
    await runUntilIdle(ports);
    expect(recordsOf(ports).get("order-1")).toBe("100");
    expect(recordsOf(ports).get("order-3")).toBe("100");
    expect((await stateOf(ports)).lastError).toBeNull();
    const { items } = await ports.failures.list({ status: "open" }, { limit: 10, cursor: null });
    expect(items.map((failure) => failure.failureId)).toEqual(["record-orders-order-2"]);
  });

  test("answered with nonsense fails at once into a data failure that keeps the answer", async () => {
    const ports = await connectedPorts(new AcmeServer(1));
    ports.transport.respond(() => ({
      kind: "answered",
      status: 200,
      headers: { "content-type": "text/html" },
      body: new TextEncoder().encode("<h1>down</h1>"),
    }));
    await runUntilIdle(ports);
    const { items } = await ports.failures.list({ partner: "acme" }, { limit: 10, cursor: null });
    expect(items[0]).toMatchObject({ why: { kind: "data", code: "bad-json", place: "orders page" } });
    expect(items[0]?.why.call).toContain("<h1>down</h1>");
    expect((await stateOf(ports)).lastError).toMatchObject({ code: "bad-json" });
  });

  test("is tried again through an outage with growing delays, and given up after twelve attempts", async () => {
    const server = new AcmeServer(1);
    const ports = await connectedPorts(server);
    let calls = 0;
    ports.transport.respond(() => {
      calls += 1;
      return jsonAnswer(503, { error: "down" });
    });
    await runUntilIdle(ports);
    expect(calls).toBe(12);
    expect((await ports.failures.list({ status: "open" }, { limit: 10, cursor: null })).items[0]).toMatchObject({
      why: { code: "http-503", kind: "transient" },
    });
  });

  test("told to stay away waits without an attempt, and the whole account stays away with it", async () => {
    const server = new AcmeServer(30);
    const ports = await connectedPorts(server);
    let limited = 0;
    ports.transport.respond((request) => {
      if (limited++ < 3) return jsonAnswer(429, { error: "slow down" }, { "retry-after": "120" });
      const { status, body } = server.answer(request.url);
      return jsonAnswer(status, body);
    });
    await runUntilIdle(ports);
    const [run] = (await ports.runs.list("acme", connectionId, { limit: 10, cursor: null })).items;
    expect(run).toMatchObject({ status: { kind: "done" }, attempts: 0 });
    expect(recordsOf(ports)).toEqual(truthOf(server));
    expect(ports.clock.nowMs() - startMs).toBeGreaterThanOrEqual(360_000);
  });

  test("of a paused connection is not due any more", async () => {
    const ports = await connectedPorts(new AcmeServer(5));
    await ports.connections.compareAndSet({ ...connection, status: "paused", revision: 2 });
    await fanOut(ports, acme);
    expect((await stateOf(ports)).nextDueMs).toBeNull();
    expect(ports.lanes.sent).toHaveLength(0);
  });
});
