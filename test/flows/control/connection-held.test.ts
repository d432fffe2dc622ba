import { describe, expect, test } from "vitest";
import { changeConnection } from "../../../lib/flows/connections/change-connection.ts";
import { removeConnection } from "../../../lib/flows/connections/remove-connection.ts";
import { acme, connection, connectionId } from "../support/acme.ts";
import { HeldWorld, webhookJob } from "../support/held-world.ts";

const minuteMs = 60_000;
const actor = { name: "ada", requestId: "request-1" };

async function change(world: HeldWorld, what: Parameters<typeof changeConnection>[3]): Promise<void> {
  expect(await changeConnection(world.ports, acme, connection, what, actor)).toMatchObject({ kind: "changed" });
}

async function sendWebhooks(world: HeldWorld, ids: readonly string[]): Promise<void> {
  const nowMs = world.ports.clock.nowMs();
  for (const id of ids) await world.ports.lanes.send(webhookJob(`webhook-${id}`, [id], nowMs), 0);
}

describe("a revoked key", () => {
  test("is one failure, whatever is scheduled and whatever comes in; a new one releases what was parked", async () => {
    const world = await HeldWorld.open();
    world.weather = "refusing";
    await world.run(30 * minuteMs);
    const stored = await world.ports.connections.read("acme", connectionId);
    expect(stored?.status).toBe("needs-reconnect");
    expect(stored?.statusReason).toMatch(/401.*Store a credential that works: PATCH \/api\/v1\/connections\//s);
    await sendWebhooks(world, ["order-1", "order-2"]);
    await world.run(3 * 60 * minuteMs);
    // Asked twice, and never again.
    expect(world.arrivals).toHaveLength(2);
    expect(world.ports.lanes.givenUp.map(({ why }) => why.code)).toEqual(["http-401"]);
    expect(world.ports.parked.all()).toHaveLength(2);
    expect((await world.ports.control.read("acme", null)).breaker.kind).toBe("closed");
    world.weather = "well";
    await change(world, { credential: { apiKey: "another" } });
    await world.run(5 * minuteMs);
    expect((await world.ports.connections.read("acme", connectionId))?.statusReason).toBeUndefined();
    expect(world.ports.parked.all()).toEqual([]);
    expect(world.ports.records.all()).toHaveLength(25);
    expect(world.ports.metrics.total("JobsReleased")).toBe(2);
  });

  test("that was replaced while the call was under way is none", async () => {
    const world = await HeldWorld.open();
    world.weather = "refusing";
    world.onCall = async () => {
      if (world.arrivals.length === 0) await change(world, { name: "renamed" });
    };
    await world.run(10_000);
    expect((await world.ports.connections.read("acme", connectionId))?.status).toBe("active");
  });
});

describe("a paused connection", () => {
  test("has its webhooks parked, spins nothing, and catches up within two minutes of being resumed", async () => {
    const world = await HeldWorld.open();
    await world.run(2 * minuteMs);
    await change(world, { status: "paused" });
    for (const id of ["order-4", "order-5"]) world.server.orders.set(id, 4_242);
    await sendWebhooks(world, ["order-4", "order-5"]);
    await world.run(5 * minuteMs);
    expect(world.ports.parked.all().map(({ reason }) => reason)).toEqual(["connection-paused", "connection-paused"]);
    const sent = world.ports.lanes.sent.length;
    await world.run(10 * 60 * minuteMs);
    const since = world.ports.lanes.sent.slice(sent).filter(({ job }) => job.work.kind !== "canary");
    expect(since).toEqual([]);
    expect(world.ports.lanes.givenUp).toEqual([]);
    await change(world, { status: "active" });
    await world.run(2 * minuteMs);
    const amounts = world.ports.records.all().filter(({ data }) => data.amount === "4242");
    expect(amounts).toHaveLength(2);
    expect(world.ports.parked.all()).toEqual([]);
  });

  test("holds its run where it is, however long, and goes on", async () => {
    const world = await HeldWorld.open(100);
    let paused = false;
    world.onCall = async (url) => {
      if (paused || !url.includes("page=4")) return;
      paused = true;
      // The page in hand is still taken; the next worker finds it paused.
      await change(world, { status: "paused" });
      world.ports.clock.advance(40_000);
    };
    await world.run(3 * 24 * 60 * minuteMs);
    const [run] = world.ports.runs.all();
    expect(run).toMatchObject({ status: { kind: "active", waiting: "connection-paused" }, attempts: 0, looks: 0 });
    await change(world, { status: "active" });
    await world.run(5 * minuteMs);
    expect(world.ports.records.all()).toHaveLength(100);
    expect(world.ports.runs.all().every(({ status }) => status.kind === "done")).toBe(true);
  });

  test("whose webhooks outlive it: they end as stale, and are counted", async () => {
    const world = await HeldWorld.open();
    await world.run(2 * minuteMs);
    await change(world, { status: "paused" });
    await sendWebhooks(world, ["order-4"]);
    await world.run(8 * 24 * 60 * minuteMs);
    expect(world.ports.parked.all()).toEqual([]);
    expect(world.ports.metrics.total("JobsStale", "webhook")).toBe(1);
  });
});

test("a removed connection's parked jobs are dropped and counted", async () => {
  const world = await HeldWorld.open();
  await world.run(2 * minuteMs);
  await change(world, { status: "paused" });
  await sendWebhooks(world, ["order-4", "order-5", "order-6"]);
  await world.run(minuteMs);
  const stored = await world.ports.connections.read("acme", connectionId);
  if (stored === null) throw new Error("it is there");
  expect(await removeConnection(world.ports, acme, stored, actor)).toMatchObject({ kind: "removed" });
  await world.run(2 * minuteMs);
  expect(world.ports.parked.all()).toEqual([]);
  expect(world.ports.metrics.total("JobsDropped", "connection-removed")).toBe(3);
  expect(world.ports.lanes.givenUp).toEqual([]);
});

describe("a connection whose calls alone fail", () => {
  test("is held while the partner is fine: parked, probed one at a time, released when it answers", async () => {
    const world = await HeldWorld.open();
    // Another connection's calls succeed all the while.
    const other = { ...connection, connectionId: connectionId.replace("000", "111"), account: null };
    await world.ports.connections.create(other);
    await world.ports.credentials.replace(other, null, { apiKey: "other" });
    await world.run(2 * minuteMs);
    world.failFor = "key";
    for (let round = 0; round < 12; round++) {
      const nowMs = world.ports.clock.nowMs();
      for (let index = 0; index < 30; index++) {
        const job = webhookJob(`other-${round}-${index}`, [`order-${index % 25}`], nowMs);
        await world.ports.lanes.send({ ...job, connectionId: other.connectionId }, 0);
      }
      await sendWebhooks(world, [`order-${round}`, `order-${round + 12}`]);
      await world.run(10_000);
    }
    expect((await world.ports.control.read("acme", null)).breaker.kind).toBe("closed");
    expect((await world.ports.control.read("acme", null)).connectionsHeld).toBe(true);
    expect((await world.ports.control.read("acme", connectionId)).breaker.kind).not.toBe("closed");
    const before = world.refused;
    await world.run(30 * minuteMs);
    expect(world.refused - before).toBeLessThanOrEqual(12);
    expect(world.ports.lanes.givenUp).toEqual([]);
    world.failFor = null;
    await world.run(40 * minuteMs);
    expect((await world.ports.control.read("acme", connectionId)).breaker.kind).toBe("closed");
    expect((await world.ports.control.read("acme", null)).connectionsHeld).toBe(false);
    expect(world.ports.parked.all()).toEqual([]);
  });
});
