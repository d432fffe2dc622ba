import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonAnswer } from "../support/memory-ports.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { AcmeServer, connectedPorts, connection } from "./support/acme.ts";
import { acmeWith, connectTenants, naming, post, postsWebhook, tenantOf } from "./support/posts.ts";
import type { Tenants } from "./support/posts.ts";
import { runUntilIdle } from "./support/world.ts";

const openFailures = async (ports: MemoryPorts) =>
  (await ports.failures.list({ status: "open" }, { limit: 100, cursor: null })).items;

const recordOf = (ports: MemoryPorts, number: number, order: string) =>
  ports.records.read({ partner: "acme", connectionId: tenantOf(number).connectionId, resource: "orders" }, order);

const ordersOf = (ports: MemoryPorts) =>
  ports.records
    .all()
    .map((record) => `${record.connectionId.slice(22, 23)} ${record.externalId} v${record.version}`)
    .toSorted();

describe("one post for many tenants", () => {
  test("becomes a job for each connection, which holds that tenant's events and nobody else's", async () => {
    const { ports, driver } = await connectTenants(3);
    const answer = await post(ports, {
      id: "p1",
      events: [
        { account: "acct-0", order: "order-0" },
        { account: "acct-1", order: "order-1" },
        { account: "acct-0", order: "order-2" },
      ],
    });
    expect(answer.status).toBe(202);
    expect(ports.lanes.sent).toHaveLength(1);
    await runUntilIdle(ports, null, driver);
    const [whole, ...parts] = ports.lanes.sent.map(({ job }) => job);
    expect(parts.map(({ connectionId, work }) => [connectionId, work])).toEqual([
      [
        tenantOf(0).connectionId,
        expect.objectContaining({
          partOf: whole?.id,
          body: {
            kind: "text",
            text: JSON.stringify({
              id: "p1",
              events: [
                { account: "acct-0", order: "order-0" },
                { account: "acct-0", order: "order-2" },
              ],
            }),
          },
        }),
      ],
      [
        tenantOf(1).connectionId,
        expect.objectContaining({ body: { kind: "text", text: JSON.stringify(naming("p1", "order-1", "acct-1")) } }),
      ],
    ]);
    expect(ordersOf(ports)).toEqual(["0 order-0 v1", "0 order-2 v1", "1 order-1 v1"]);
  });

  test("that holds one account's events alone is worked at once, without another message", async () => {
    const { ports, driver } = await connectTenants(2);
    await post(ports, naming("p1", "order-1", "acct-1", "acct-1"));
    await runUntilIdle(ports, null, driver);
    expect(ports.lanes.sent).toHaveLength(1);
    expect(ordersOf(ports)).toEqual(["1 order-1 v1"]);
  });

  test("that holds nobody's events is done", async () => {
    const { ports, driver } = await connectTenants(1);
    await post(ports, { id: "p1", events: [] });
    await runUntilIdle(ports, null, driver);
    expect([ports.lanes.sent.length, (await openFailures(ports)).length]).toEqual([1, 0]);
  });

  test("counts and drops what is of accounts that nobody connected, and fails nothing", async () => {
    const { ports, driver } = await connectTenants(1);
    await post(ports, naming("p1", "order-0", "acct-0", "acct-7", "acct-8"));
    await post(ports, naming("p2", "order-0", "acct-9"));
    await runUntilIdle(ports, null, driver);
    expect(ordersOf(ports)).toEqual(["0 order-0 v1"]);
    expect(await openFailures(ports)).toEqual([]);
    expect(ports.metrics.total("WebhooksUnowned", "unknown-account")).toBe(3);
    const told = ports.log.lines.filter(({ message }) => message === "dropped what a webhook told");
    expect(told.map(({ fields }) => [fields["reason"], fields["events"]])).toEqual([
      ["unknown-account", 2],
      ["unknown-account", 1],
    ]);
    expect(JSON.stringify(ports.log.lines)).not.toContain("acct-9");
  });

  test("asks for each account once and looks through no list of connections", async () => {
    const { ports, driver } = await connectTenants(40);
    const asked: string[] = [];
    const find = ports.connections.findByAccount.bind(ports.connections);
    ports.connections.findByAccount = async (partner, account) => {
      asked.push(account);
      return find(partner, account);
    };
    ports.connections.list = () => Promise.reject(new Error("a list of all connections"));
    const accounts = Array.from({ length: 40 }, (_, number) => `acct-${number % 10}`);
    await post(ports, naming("p1", "order-0", ...accounts));
    await runUntilIdle(ports, null, driver);
    expect(asked.toSorted()).toEqual(Array.from({ length: 10 }, (_, number) => `acct-${number}`));
    expect(ordersOf(ports)).toHaveLength(10);
  });

  test("of more accounts than any has is followed in no part and kept whole for a person", async () => {
    const { ports, driver } = await connectTenants(1);
    const accounts = Array.from({ length: 1_001 }, (_, number) => `acct-${number}`);
    await post(ports, naming("p1", "order-0", ...accounts));
    await runUntilIdle(ports, null, driver);
    expect(ports.records.all()).toEqual([]);
    expect((await openFailures(ports)).map(({ why }) => why.code)).toEqual(["too-many-parts"]);
  });

  test("with a part too large for a message sends that part by claim check, below its own connection", async () => {
    const padded = acmeWith({
      ...postsWebhook,
      split: (event, facts) =>
        (postsWebhook.split?.(event, facts) ?? []).map((part) =>
          part.account === "acct-0" ? { ...part, event: large } : part,
        ),
    });
    const large = { id: "p".repeat(200_000), events: [{ account: "acct-0", order: "order-1" }] };
    const { ports, driver } = await connectTenants(2, padded);
    await post(ports, naming("p1", "order-1", "acct-0", "acct-1"));
    await runUntilIdle(ports, null, driver);
    const parts = ports.lanes.sent.map(({ job }) => job.work).filter((work) => work.kind === "webhook" && work.partOf);
    expect(parts.map((work) => (work.kind === "webhook" ? work.body.kind : "")).toSorted()).toEqual(["claim", "text"]);
    expect([...ports.claims.bodies.keys()]).toEqual([
      expect.stringMatching(new RegExp(`^bodies/acme/${tenantOf(0).connectionId}/`)),
    ]);
    expect(ordersOf(ports)).toEqual(["0 order-1 v1", "1 order-1 v1"]);
  });
});

describe("a part of a post", () => {
  test("of a paused connection is parked with it, while the others go on", async () => {
    const { ports, driver } = await connectTenants(3);
    await setStatus(ports, 1, "paused");
    await setStatus(ports, 2, "needs-reconnect");
    await post(ports, naming("p1", "order-0", "acct-0", "acct-1", "acct-2"));
    await runUntilIdle(ports, null, driver);
    expect(ordersOf(ports)).toEqual(["0 order-0 v1"]);
    expect(await openFailures(ports)).toEqual([]);
    const parked = await Promise.all(
      [0, 1, 2].map((number) => ports.parked.list("acme", tenantOf(number).connectionId, 10)),
    );
    expect(parked.map((jobs) => jobs.map(({ job, reason }) => [job.connectionId, reason]))).toEqual([
      [],
      [[tenantOf(1).connectionId, "connection-paused"]],
      [[tenantOf(2).connectionId, "connection-needs-reconnect"]],
    ]);
  });

  test("that fails is its own tenant's failure, with that tenant's events in it and no other's", async () => {
    const { ports, driver, servers } = await connectTenants(2);
    ports.transport.respond((request) =>
      request.headers["authorization"] === "Bearer key-1"
        ? jsonAnswer(403, { error: "no" })
        : jsonAnswer(200, servers[0]?.answer(request.url).body),
    );
    await post(ports, naming("p1", "order-0", "acct-0", "acct-1"));
    await runUntilIdle(ports, null, driver);
    const failures = await openFailures(ports);
    expect(failures.map(({ connectionId, why }) => [connectionId, why.code])).toEqual([
      [tenantOf(1).connectionId, "http-403"],
    ]);
    expect(JSON.stringify(failures)).not.toContain("acct-0");
  });

  test("comes in any order: the newest state stays, whichever post was sent last", async () => {
    const { ports, driver, servers } = await connectTenants(2);
    await post(ports, naming("old", "order-1", "acct-0", "acct-1"));
    for (const server of servers) server.orders.set("order-1", 100);
    await post(ports, naming("new", "order-1", "acct-0", "acct-1"));
    const waiting = ports.lanes.messages.splice(0).toReversed();
    for (const { job } of waiting) await ports.lanes.send(job, 0);
    for (const server of servers) server.orders.set("order-1", 200);
    await runUntilIdle(ports, null, driver);
    for (const number of [0, 1]) expect((await recordOf(ports, number, "order-1"))?.data).toEqual({ amount: "200" });
  });
});

describe("whose an event is", () => {
  test("at a connection's own address is that connection's, unless it names another account", async () => {
    const ports = await connectedPorts(new AcmeServer(3));
    const other = { ...connection, connectionId: "acme_000000000000000009-0000000000000000", account: "acct-2" };
    await ports.connections.create(other);
    const jobs = ["acct-1", "acct-2"].map((account) => ({ account, touched: ["order-1"] }));
    for (const body of jobs) {
      await post(ports, body);
      const message = ports.lanes.messages.pop();
      if (message === undefined) throw new Error("no job");
      await ports.lanes.send({ ...message.job, connectionId: connection.connectionId }, 0);
    }
    ports.transport.respond((request) => jsonAnswer(200, new AcmeServer(3).answer(request.url).body));
    await runUntilIdle(ports);
    expect(ports.metrics.counts).toContainEqual(
      expect.objectContaining({ name: "WebhooksUnowned", dimensions: { partner: "acme", kind: "other-account" } }),
    );
    expect(await openFailures(ports)).toEqual([]);
  });

  test("is told once: what waits or fails after that is the connection's own", async () => {
    const ports = await connectedPorts(new AcmeServer(3));
    ports.transport.respond(() => jsonAnswer(500, { error: "broken" }));
    await post(ports, { account: "acct-1", touched: ["order-2"] });
    await runUntilIdle(ports);
    const failed = (await openFailures(ports)).filter(({ why }) => why.place === "orders one");
    expect(failed.map(({ connectionId, job }) => [connectionId, job?.connectionId])).toEqual([
      [connection.connectionId, connection.connectionId],
    ]);
  });
});

test("whatever a post holds, each connection gets what is its own, once, and nobody anything else", async () => {
  const anyEvent = fc.record({
    account: fc.constantFrom("acct-0", "acct-1", "acct-2", "acct-8", "acct-9"),
    order: fc.constantFrom("order-0", "order-1", "order-2"),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(anyEvent, { maxLength: 12 }), async (events) => {
      const { ports, driver } = await connectTenants(3);
      await post(ports, { id: "p1", events });
      await runUntilIdle(ports, null, driver);
      const own = events.filter(({ account }) => /[012]$/.test(account));
      const told = new Set(own.map(({ account, order }) => `${account.at(-1)} ${order} v1`));
      expect(ordersOf(ports)).toEqual([...told].toSorted());
      expect(await openFailures(ports)).toEqual([]);
    }),
    { numRuns: 50 },
  );
});

test("a part that names more things than any partner's does is kept whole for a person", async () => {
  const { ports, driver } = await connectTenants(2);
  const events = Array.from({ length: 1_001 }, (_, index) => ({ account: "acct-0", order: `order-${index}` }));
  await post(ports, { id: "p1", events: [...events, { account: "acct-1", order: "order-1" }] });
  await runUntilIdle(ports, null, driver);
  const failures = await openFailures(ports);
  expect(failures.map(({ connectionId, why }) => [connectionId, why.code])).toEqual([
    [tenantOf(0).connectionId, "too-many-touches"],
  ]);
  expect(ordersOf(ports)).toEqual(["1 order-1 v1"]);
});

describe("a worker that dies while it parts a post", async () => {
  const world = async (): Promise<Tenants> => {
    const tenants = await connectTenants(3);
    await post(tenants.ports, naming("p1", "order-1", "acct-0", "acct-1", "acct-2", "acct-9"));
    return tenants;
  };
  const undisturbed = await world();
  const { calls } = await runUntilIdle(undisturbed.ports, null, undisturbed.driver);
  const expected = partIds(undisturbed.ports);
  test("has somewhere to die", () => expect(calls).toBeGreaterThan(20));

  describe.each(["before", "after"] as const)("%s an effect", (when) => {
    test.each(Array.from({ length: calls }, (_, index) => index + 1))(
      "the %i-th sends the same jobs again, loses nobody's event and writes nothing twice",
      async (atCall) => {
        const { ports, driver } = await world();
        const { died } = await runUntilIdle(ports, { atCall, when }, driver);
        expect(died).toBe(true);
        expect(ordersOf(ports)).toEqual(["0 order-1 v1", "1 order-1 v1", "2 order-1 v1"]);
        expect(new Set(partIds(ports))).toEqual(new Set(expected));
        expect(await openFailures(ports)).toEqual([]);
      },
    );
  });
});

function partIds(ports: MemoryPorts): readonly string[] {
  return ports.lanes.sent.flatMap(({ job }) => (job.id.startsWith("webhook-part-") ? [job.id] : []));
}

async function setStatus(ports: MemoryPorts, number: number, status: "paused" | "needs-reconnect"): Promise<void> {
  const { partner, connectionId } = tenantOf(number);
  const stored = await ports.connections.read(partner, connectionId);
  if (stored === null) throw new Error("no connection");
  await ports.connections.compareAndSet({ ...stored, status, revision: stored.revision + 1 });
}
