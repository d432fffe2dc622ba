import { describe, expect, test } from "vitest";
import { webhookJob } from "../../lib/flows/ingest/webhook-job.ts";
import { replayFailure } from "../../lib/flows/replay-failure.ts";
import { deliveryDays } from "../../lib/flows/webhook/delivery-mark.ts";
import { jsonAnswer } from "../support/memory-ports.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { AcmeServer, connectedPorts } from "./support/acme.ts";
import { acmeWith, connectTenants, naming, post, postsWebhook, requestOf, tenantOf } from "./support/posts.ts";
import type { Tenants } from "./support/posts.ts";
import { runUntilIdle } from "./support/world.ts";

const dayMs = 86_400_000;

/** How often the partner was asked for an order. */
const fetches = ({ servers }: Tenants) => servers.map(({ calls }) => calls.length);

const repeated = (ports: MemoryPorts) => ports.metrics.total("WebhooksRepeated");

const versionOf = async (ports: MemoryPorts, order: string) =>
  (await ports.records.read({ partner: "acme", connectionId: tenantOf(0).connectionId, resource: "orders" }, order))
    ?.version;

describe("an old post whose signature holds no time", () => {
  test("played again days later is skipped and counted", async () => {
    const tenants = await connectTenants(1);
    const { ports, driver } = tenants;
    await post(ports, naming("d1", "order-1", "acct-0"));
    await runUntilIdle(ports, null, driver);
    ports.clock.advance(20 * dayMs);
    await post(ports, naming("d1", "order-1", "acct-0"));
    await runUntilIdle(ports, null, driver);
    expect([fetches(tenants), repeated(ports)]).toEqual([[1], 1]);
  });

  test("for many tenants is skipped as a whole, and none of its parts is sent again", async () => {
    const tenants = await connectTenants(2);
    const { ports, driver } = tenants;
    for (let time = 0; time < 2; time++) {
      await post(ports, naming("d1", "order-1", "acct-0", "acct-1"));
      await runUntilIdle(ports, null, driver);
      ports.clock.advance(20 * dayMs);
    }
    expect([fetches(tenants), repeated(ports), ports.lanes.sent.length]).toEqual([[1, 1], 1, 4]);
  });

  test("is another delivery when its id is another, though it says the same", async () => {
    const tenants = await connectTenants(1);
    const { ports, driver } = tenants;
    for (const id of ["d1", "d2"]) {
      await post(ports, naming(id, "order-1", "acct-0"));
      await runUntilIdle(ports, null, driver);
    }
    expect([fetches(tenants), repeated(ports)]).toEqual([[2], 0]);
  });

  test("is followed every time where the driver cannot tell it from a later one", async () => {
    const driver = acmeWith({ ...postsWebhook, dedupeKey: () => null });
    const tenants = await connectTenants(1, driver);
    const { ports } = tenants;
    for (let time = 0; time < 2; time++) {
      await post(ports, naming("d1", "order-1", "acct-0"));
      await runUntilIdle(ports, null, driver);
    }
    expect([fetches(tenants), ports.deliveries.size]).toEqual([[2], 0]);
  });

  test("of one connection is no other's", async () => {
    const tenants = await connectTenants(2);
    const { ports, driver } = tenants;
    for (const account of ["acct-0", "acct-1"]) {
      await post(ports, naming("d1", "order-1", account));
      await runUntilIdle(ports, null, driver);
    }
    expect([fetches(tenants), repeated(ports)]).toEqual([[1, 1], 0]);
  });

  test("for many tenants, when it came at one connection's own address, does not stand for what comes at the app's", async () => {
    const tenants = await connectTenants(2);
    const { ports, driver } = tenants;
    const body = naming("d1", "order-1", "acct-0", "acct-1");
    const { connectionId } = tenantOf(0);
    await ports.lanes.send(
      await webhookJob(ports.claims, requestOf(body, { connectionId }), {}, ports.clock.nowMs()),
      0,
    );
    await runUntilIdle(ports, null, driver);
    expect(fetches(tenants)).toEqual([1, 0]);
    await post(ports, body);
    await runUntilIdle(ports, null, driver);
    expect([fetches(tenants), repeated(ports)]).toEqual([[2, 1], 0]);
  });

  test("is remembered for longer than any partner tries again", async () => {
    const { ports, driver } = await connectTenants(1);
    const until: number[] = [];
    const mark = ports.deliveries.markDone.bind(ports.deliveries);
    ports.deliveries.markDone = async (partner, key, untilMs) => {
      until.push(untilMs);
      return mark(partner, key, untilMs);
    };
    await post(ports, naming("d1", "order-1", "acct-0"));
    const startMs = ports.clock.nowMs();
    await runUntilIdle(ports, null, driver);
    expect(until.map((untilMs) => Math.round((untilMs - startMs) / dayMs))).toEqual([deliveryDays]);
  });
});

describe("a delivery is remembered only when it is done", () => {
  test("not while its connection is held: what was parked is worked when it is released", async () => {
    const tenants = await connectTenants(1);
    const { ports, driver } = tenants;
    const paused = await ports.connections.read("acme", tenantOf(0).connectionId);
    if (paused === null) throw new Error("no connection");
    await ports.connections.compareAndSet({ ...paused, status: "paused", revision: paused.revision + 1 });
    await post(ports, naming("d1", "order-1", "acct-0"));
    await runUntilIdle(ports, null, driver);
    expect(ports.deliveries.size).toBe(0);
    await ports.connections.compareAndSet({ ...paused, status: "active", revision: paused.revision + 2 });
    const [parked] = await ports.parked.list("acme", tenantOf(0).connectionId, 10);
    if (parked === undefined) throw new Error("nothing parked");
    await ports.lanes.send(parked.job, 0);
    await runUntilIdle(ports, null, driver);
    expect([fetches(tenants), await versionOf(ports, "order-1"), ports.deliveries.size]).toEqual([[1], 1, 1]);
  });

  test("not while the gate lets nothing through: it comes round again and is worked", async () => {
    const tenants = await connectTenants(1);
    const { ports, driver } = tenants;
    let refused = 0;
    ports.gate.refuseWhen(() => {
      expect(ports.deliveries.size).toBe(0);
      return refused++ < 3 ? { kind: "refused", retryAtMs: ports.clock.nowMs() + 1_000, reason: "limit" } : null;
    });
    await post(ports, naming("d1", "order-1", "acct-0"));
    await runUntilIdle(ports, null, driver);
    expect([fetches(tenants), ports.deliveries.size]).toEqual([[1], 1]);
  });

  test("not when it gave up: its replay by a person is worked, and one of a done delivery too", async () => {
    const tenants = await connectTenants(1);
    const { ports, driver, servers } = tenants;
    ports.transport.respond(() => jsonAnswer(403, { error: "no" }));
    await post(ports, naming("d1", "order-1", "acct-0"));
    await runUntilIdle(ports, null, driver);
    const [failure] = (await ports.failures.list({ status: "open" }, { limit: 10, cursor: null })).items;
    if (failure === undefined) throw new Error("no failure");
    expect(ports.deliveries.size).toBe(0);
    ports.transport.respond((request) => jsonAnswer(200, servers[0]?.answer(request.url).body));
    await post(ports, naming("d1", "order-1", "acct-0"));
    await runUntilIdle(ports, null, driver);
    await replayFailure(ports, failure);
    await runUntilIdle(ports, null, driver);
    expect([fetches(tenants), repeated(ports)]).toEqual([[2], 0]);
    expect((await ports.failures.list({ status: "open" }, { limit: 10, cursor: null })).items).toEqual([]);
  });
});

test("a partner that signs the time costs no look and no mark", async () => {
  const ports = await connectedPorts(new AcmeServer(3));
  ports.deliveries.isDone = () => Promise.reject(new Error("looked"));
  ports.deliveries.markDone = () => Promise.reject(new Error("marked"));
  await post(ports, { account: "acct-1", touched: ["order-2"] });
  await runUntilIdle(ports);
  expect(ports.records.all()).toHaveLength(3);
});

describe("a worker that dies over a delivery that is to be remembered", async () => {
  const world = async (): Promise<Tenants> => {
    const tenants = await connectTenants(1);
    await post(tenants.ports, naming("d1", "order-1", "acct-0"));
    return tenants;
  };
  const undisturbed = await world();
  const { calls } = await runUntilIdle(undisturbed.ports, null, undisturbed.driver);
  test("has somewhere to die", () => expect(calls).toBeGreaterThan(8));

  describe.each(["before", "after"] as const)("%s an effect", (when) => {
    test.each(Array.from({ length: calls }, (_, index) => index + 1))(
      "the %i-th fetches again at the worst, and leaves it worked and remembered",
      async (atCall) => {
        const { ports, driver, servers } = await world();
        const { died } = await runUntilIdle(ports, { atCall, when }, driver);
        expect(died).toBe(true);
        expect([await versionOf(ports, "order-1"), ports.deliveries.size]).toEqual([1, 1]);
        expect(servers[0]?.calls.length).toBeLessThanOrEqual(2);
      },
    );
  });
});
