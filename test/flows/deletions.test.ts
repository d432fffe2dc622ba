import { beforeEach, describe, expect, test } from "vitest";
import { fanOut } from "../../lib/flows/fan-out.ts";
import { replayFailure } from "../../lib/flows/replay-failure.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { jsonAnswer } from "../support/memory-ports.ts";
import { acme, AcmeServer, connectedPorts, connectionId } from "./support/acme.ts";
import { runUntilIdle } from "./support/world.ts";

const scope = { partner: "acme", connectionId, resource: "orders" };
const dayMs = 86_400_000;

describe("a full pass over things that were deleted", () => {
  let server: AcmeServer;
  let ports: MemoryPorts;
  beforeEach(async () => {
    server = new AcmeServer(60);
    ports = await connectedPorts(server);
    await runUntilIdle(ports);
  });

  const alive = () =>
    ports.records
      .all()
      .filter((record) => !record.deleted)
      .map((record) => record.externalId)
      .toSorted();
  const truth = () => [...server.orders.keys()].toSorted();
  const passAgain = async () => {
    ports.clock.advance(8 * dayMs);
    server.calls.length = 0;
    await runUntilIdle(ports);
  };
  const asked = () => server.calls.filter((call) => call.startsWith("/v1/orders/")).length;
  const heldFailures = async () =>
    (await ports.failures.list({ status: "open" }, { limit: 10, cursor: null })).items.filter(
      (failure) => failure.why.code === "deletions-held",
    );

  test("asks for nothing when it saw everything", async () => {
    await passAgain();
    expect(asked()).toBe(0);
    expect(alive()).toEqual(truth());
  });

  test("leaves tombstones of what is gone, each confirmed by a fetch, and touches nothing else", async () => {
    for (const id of ["order-3", "order-17", "order-59"]) server.orders.delete(id);
    await passAgain();
    expect(asked()).toBe(3);
    expect(alive()).toEqual(truth());
    expect(await ports.records.read(scope, "order-17")).toMatchObject({
      deleted: true,
      version: 2,
      data: { amount: "17" },
    });
    const [run] = (await ports.runs.list("acme", connectionId, { limit: 1, cursor: null })).items;
    expect(run).toMatchObject({ status: { kind: "done" }, progress: { deleted: 3 } });
  });

  test("deletes nothing that a lost page held: it is there when it is asked for", async () => {
    ports.transport.respond((request) => {
      const { status, body } = server.answer(request.url);
      // A partner's list that leaves out a whole page and says nothing of it.
      const isLost = request.url.includes("/orders?page=3");
      return jsonAnswer(status, isLost ? { ...Object(body), items: [] } : body);
    });
    await passAgain();
    expect(asked()).toBe(10);
    expect(alive()).toEqual(truth());
    expect(ports.records.all().every((record) => record.version === 1)).toBe(true);
  });

  test("goes on behind what was there after all, however few fetches a turn has time for", async () => {
    ports.transport.respond((request) => {
      // Three of them use up a worker's time.
      if (request.url.includes("/orders/")) ports.clock.advance(9_000);
      const { status, body } = server.answer(request.url);
      const isLost = request.url.includes("/orders?page=3");
      return jsonAnswer(status, isLost ? { ...Object(body), items: [] } : body);
    });
    await passAgain();
    expect(asked()).toBeLessThanOrEqual(14);
    expect(alive()).toEqual(truth());
  });

  test("deletes nothing that moved between pages while they were walked", async () => {
    ports.transport.respond((request) => {
      const { status, body } = server.answer(request.url);
      if (request.url.includes("/orders?page=2")) {
        // What comes first goes to the end: everything behind it moves up by one, past the page's border.
        const amount = server.orders.get("order-0") ?? 0;
        server.orders.delete("order-0");
        server.orders.set("order-0", amount);
      }
      return jsonAnswer(status, body);
    });
    await passAgain();
    expect(asked()).toBe(1);
    expect(alive()).toEqual(truth());
  });

  test("leaves alone what was created while it was under way, listed or not", async () => {
    let isCreated = false;
    ports.transport.respond((request) => {
      const { status, body } = server.answer(request.url);
      if (!isCreated && request.url.includes("/orders?page=5")) {
        isCreated = true;
        void ports.records.write(
          scope,
          {
            externalId: "order-new",
            model: "order",
            digest: "new",
            order: ports.clock.nowMs(),
            orderedBy: "fetch",
            deleted: false,
            fetchedAtMs: ports.clock.nowMs(),
            source: { kind: "webhook", id: "webhook-1" },
            data: { amount: "5" },
          },
          null,
        );
      }
      return jsonAnswer(status, body);
    });
    server.orders.delete("order-7");
    await passAgain();
    expect(asked()).toBe(1);
    expect(alive()).toEqual([...truth(), "order-new"].toSorted());
  });

  test("whose last page is empty is as complete as any", async () => {
    ports.transport.respond((request) => {
      const { status, body } = server.answer(request.url);
      const page = new URL(request.url).searchParams.get("page");
      if (request.url.includes("/orders?") && page === "5") return jsonAnswer(status, { ...Object(body), next: 6 });
      return jsonAnswer(status, body);
    });
    server.orders.delete("order-30");
    await passAgain();
    expect(asked()).toBe(1);
    expect(alive()).toEqual(truth());
  });

  test("that misses too much deletes nothing and says so; replayed, it deletes what is really gone", async () => {
    for (let number = 0; number < 13; number += 1) server.orders.delete(`order-${number}`);
    await passAgain();
    expect(asked()).toBe(0);
    expect(alive()).toHaveLength(60);
    const [failure] = await heldFailures();
    expect(failure?.why.message).toContain("missed 13 of the 60");
    if (failure === undefined) return;
    ports.clock.advance(60_000);
    expect(await replayFailure(ports, failure)).toEqual({ kind: "replaying" });
    await runUntilIdle(ports);
    expect(alive()).toEqual(truth());
    expect(await heldFailures()).toEqual([]);
    expect((await ports.failures.read("acme", connectionId, "deletions-orders"))?.status).toBe("resolved");
  });

  test("that sees nothing at all is held, however little there was", async () => {
    server.orders.clear();
    await passAgain();
    expect(alive()).toHaveLength(60);
    expect(await heldFailures()).toHaveLength(1);
  });

  test("comes to the same in many turns, and whenever a worker dies", async () => {
    const slow = () =>
      ports.transport.respond((request) => {
        // Four pages use up a worker's time.
        ports.clock.advance(9_000);
        const { status, body } = server.answer(request.url);
        return jsonAnswer(status, body);
      });
    const prepare = async () => {
      server = new AcmeServer(60);
      ports = await connectedPorts(server);
      await runUntilIdle(ports);
      for (const id of ["order-3", "order-33", "order-58"]) server.orders.delete(id);
      ports.clock.advance(8 * dayMs);
      server.calls.length = 0;
      slow();
    };
    await prepare();
    const { calls } = await runUntilIdle(ports);
    expect([alive(), asked()]).toEqual([truth(), 3]);
    for (let atCall = 1; atCall <= calls; atCall += 1) {
      for (const when of ["before", "after"] as const) {
        await prepare();
        await runUntilIdle(ports, { atCall, when });
        expect({ atCall, when, alive: alive() }).toEqual({ atCall, when, alive: truth() });
        // What was seen is kept over the death: hardly anything that is there is asked for.
        expect(asked()).toBeLessThanOrEqual(8);
        expect(await heldFailures()).toEqual([]);
      }
    }
  }, 60_000);
});

test("a list that leaves things out says nothing of deletions", async () => {
  const server = new AcmeServer(20);
  const ports = await connectedPorts(server);
  const { orders } = acme.resources;
  if (orders === undefined) throw new Error("acme has orders");
  const partial = { ...acme, resources: { orders: { ...orders, isPartialList: true as const } } };
  const partners = { find: () => partial, all: () => [partial] };
  const mine = Object.assign(ports, { partners });
  await runUntilIdle(mine);
  server.orders.delete("order-1");
  ports.clock.advance(8 * dayMs);
  await fanOut(mine, partial);
  await runUntilIdle(mine);
  expect(ports.records.all().filter((record) => record.deleted)).toEqual([]);
});
