import { beforeEach, describe, expect, test } from "vitest";
import type { OutboundAnswer, OutboundRequest } from "../../lib/engine/ports.ts";
import { fetchOne } from "../../lib/flows/fetch-one.ts";
import { jsonAnswer } from "../support/memory-ports.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { acme, AcmeServer, connectedPorts, connection, connectionId } from "./support/acme.ts";

const scope = { partner: "acme", connectionId, resource: "orders" };

/** The record that one order became, fetched at moments that the tests choose. */
describe("a thing fetched by its id", () => {
  let server: AcmeServer;
  let ports: MemoryPorts;
  const fetchOrder = () => {
    const { orders } = acme.resources;
    if (orders === undefined) throw new Error("acme has orders");
    const source = { kind: "webhook", id: "webhook-1" } as const;
    const target = { driver: acme, connection, resourceName: "orders", resource: orders, source, trace: "trace" };
    const limits = { lane: "webhooks", deadlineMs: ports.clock.nowMs() + 60_000 } as const;
    return fetchOne(ports, target, "order-1", limits);
  };
  const stored = () => ports.records.read(scope, "order-1");
  const answer = ({ url }: Pick<OutboundRequest, "url">): OutboundAnswer => {
    const { status, body } = server.answer(url);
    return jsonAnswer(status, body);
  };

  beforeEach(async () => {
    server = new AcmeServer(3);
    ports = await connectedPorts(server);
    await fetchOrder();
    ports.clock.advance(60_000);
  });

  test("that stalled while the thing went back to what it was overwrites nothing", async () => {
    server.orders.set("order-1", 50);
    let calls = 0;
    ports.transport.respond((request) => {
      const seen = answer(request);
      calls += 1;
      // The first answer was taken from the partner before the value went back, and is long on its way.
      if (calls === 1) {
        server.orders.set("order-1", 1);
        ports.clock.advance(5_000);
      }
      return seen;
    });
    expect(await fetchOrder()).toMatchObject({ kind: "saved", counts: { unchanged: 1 } });
    expect(calls).toBe(2);
    expect(await stored()).toMatchObject({ version: 1, data: { amount: "1" } });
  });

  test("that stalls each time is taken the second time", async () => {
    server.orders.set("order-1", 50);
    ports.transport.respond((request) => {
      ports.clock.advance(5_000);
      return answer(request);
    });
    expect(await fetchOrder()).toMatchObject({ kind: "saved", counts: { updated: 1 } });
    expect(await stored()).toMatchObject({ version: 2, data: { amount: "50" } });
  });

  test("that began before another's result was written waits and is fetched again", async () => {
    server.orders.set("order-1", 50);
    let overtaken = false;
    ports.transport.respond((request) => {
      const seen = answer(request);
      if (overtaken) return seen;
      overtaken = true;
      const later = { amount: "60" };
      ports.clock.advance(500);
      // Another worker's fetch, begun later and written sooner.
      void ports.records.write(
        scope,
        {
          externalId: "order-1",
          model: "order",
          digest: "sixty",
          order: ports.clock.nowMs(),
          orderedBy: "fetch",
          deleted: false,
          fetchedAtMs: ports.clock.nowMs(),
          source: { kind: "webhook", id: "webhook-2" },
          data: later,
        },
        null,
      );
      server.orders.set("order-1", 60);
      return seen;
    });
    const first = await fetchOrder();
    expect(first).toMatchObject({ kind: "wait", reason: "fetched-at-once" });
    expect(await stored()).toMatchObject({ version: 2, data: { amount: "60" } });
    if (first.kind === "wait") ports.clock.set(first.untilMs);
    expect((await fetchOrder()).kind).toBe("saved");
    expect(await stored()).toMatchObject({ data: { amount: "60" } });
  });

  test("that is gone and comes back is alive again", async () => {
    server.orders.delete("order-1");
    expect(await fetchOrder()).toMatchObject({ kind: "saved", counts: { deleted: 1 } });
    server.orders.set("order-1", 1);
    ports.clock.advance(60_000);
    expect(await fetchOrder()).toMatchObject({ kind: "saved", counts: { updated: 1 } });
    expect(await stored()).toMatchObject({ deleted: false, version: 3 });
  });
});
