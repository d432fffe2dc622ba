import { describe, expect, test } from "vitest";
import { makeConnectionId } from "../../lib/engine/connection-id.ts";
import { seal } from "../../lib/engine/seal.ts";
import { consumeJob } from "../../lib/flows/consume-job.ts";
import { ingestWebhook } from "../../lib/flows/ingest-webhook.ts";
import type { WebhookRequest } from "../../lib/flows/ingest-webhook.ts";
import { replayFailure } from "../../lib/flows/replay-failure.ts";
import { jsonAnswer, startMs } from "../support/memory-ports.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { AcmeServer, connectedPorts, connection } from "./support/acme.ts";
import { runUntilIdle } from "./support/world.ts";

const scope = { partner: "acme", connectionId: connection.connectionId, resource: "orders" };

function post(body: unknown, over: Partial<WebhookRequest> = {}): WebhookRequest {
  const rawBody = new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
  return {
    partner: "acme",
    connectionId: null,
    headers: { "x-acme-word": "word", "content-type": "application/json" },
    rawBody,
    url: "https://hooks.example/webhooks/acme",
    method: "POST",
    trace: "trace-1",
    ...over,
  };
}

/** Ports whose resource is not due, so that only webhooks bring records. */
async function quietPorts(server: AcmeServer): Promise<MemoryPorts> {
  const ports = await connectedPorts(server);
  const state = await ports.connections.readResource("acme", connection.connectionId, "orders");
  if (state === null) throw new Error("no state");
  await ports.connections.compareAndSetResource({ ...state, nextDueMs: null, revision: state.revision + 1 });
  return ports;
}

/** Consumes what is due without letting time pass. */
async function consumeDue(ports: MemoryPorts): Promise<void> {
  for (const job of ports.lanes.take("webhooks", ports.clock.nowMs()))
    await consumeJob(ports, job, { workerId: "w", deadlineMs: ports.clock.nowMs() + 10_000 });
}

const openFailures = async (ports: MemoryPorts) =>
  (await ports.failures.list({ status: "open" }, { limit: 10, cursor: null })).items;

describe("a webhook", () => {
  test("rightly signed becomes one job, its body as it came, and then a record", async () => {
    const ports = await quietPorts(new AcmeServer(3));
    const answer = await ingestWebhook(ports, post({ account: "acct-1", touched: ["order-2"] }));
    expect(answer).toEqual({ status: 202, body: "" });
    expect(ports.lanes.sent).toHaveLength(1);
    await runUntilIdle(ports);
    expect(await ports.records.read(scope, "order-2")).toMatchObject({
      version: 1,
      data: { amount: "2" },
      source: { kind: "webhook" },
    });
    expect(await openFailures(ports)).toEqual([]);
  });

  test("is told of, twice, and the record is written once", async () => {
    const ports = await quietPorts(new AcmeServer(3));
    for (let time = 0; time < 2; time++) await ingestWebhook(ports, post({ account: "acct-1", touched: ["order-2"] }));
    await runUntilIdle(ports);
    expect(await ports.records.read(scope, "order-2")).toMatchObject({ version: 1 });
  });

  test.each([
    ["an unknown partner", post({}, { partner: "nobody" }), 404],
    ["a wrong signature", post({}, { headers: { "x-acme-word": "wrong" } }), 401],
    ["no signature", post({}, { headers: {} }), 401],
    ["a connection id without our MAC", post({}, { connectionId: "acme_aaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb" }), 404],
  ])("from %s gets its answer and leaves nothing behind", async (_, request, status) => {
    const ports = await quietPorts(new AcmeServer(1));
    expect((await ingestWebhook(ports, request)).status).toBe(status);
    expect(ports.lanes.sent).toEqual([]);
  });

  test("without any secret configured is refused and counted", async () => {
    const ports = await quietPorts(new AcmeServer(1));
    ports.partnerSecrets.set("acme", { connectionKey: "key", webhookSecrets: [], app: {} });
    expect((await ingestWebhook(ports, post({}))).status).toBe(401);
    expect(ports.metrics.counts).toContainEqual(
      expect.objectContaining({ name: "WebhooksRejected", dimensions: { partner: "acme", kind: "no-secret" } }),
    );
  });

  test("on a connection's own address is held to that connection's own secret", async () => {
    const ports = await quietPorts(new AcmeServer(3));
    const key = "key-of-the-tests";
    const ownId = makeConnectionId("acme", key, ports.random);
    const sealedWebhookSecret = seal("own-word", key, `acme#${ownId}`);
    await ports.connections.create({ ...connection, connectionId: ownId, account: null, sealedWebhookSecret });
    await ports.credentials.replace({ partner: "acme", connectionId: ownId }, null, { apiKey: "key" });
    const shared = await ingestWebhook(ports, post({ touched: ["order-1"] }, { connectionId: ownId }));
    const own = await ingestWebhook(
      ports,
      post({ touched: ["order-1"] }, { connectionId: ownId, headers: { "x-acme-word": "own-word" } }),
    );
    expect([shared.status, own.status]).toEqual([401, 202]);
    await runUntilIdle(ports);
    expect(await ports.records.read({ ...scope, connectionId: ownId }, "order-1")).toMatchObject({ version: 1 });
  });

  test("while the queue is down is answered 503, and nothing is half done", async () => {
    const ports = await quietPorts(new AcmeServer(1));
    ports.lanes.breakWith(new Error("queue down"));
    expect((await ingestWebhook(ports, post({}))).status).toBe(503);
    ports.lanes.breakWith(null);
    expect(ports.lanes.sent).toEqual([]);
  });

  test("too large for the queue goes by claim check and is handled the same", async () => {
    const ports = await quietPorts(new AcmeServer(3));
    const body = { account: "acct-1", touched: ["order-1"], padding: '"'.repeat(500 * 1024) };
    expect((await ingestWebhook(ports, post(body))).status).toBe(202);
    expect(ports.lanes.sent[0]?.job.work).toMatchObject({ body: { kind: "claim" } });
    await runUntilIdle(ports);
    expect(await ports.records.read(scope, "order-1")).toMatchObject({ version: 1 });
  });

  test.each([
    ["is no JSON", "so sorry", "webhook-not-json"],
    ["is not of the driver's shape", { touched: "order-1" }, "webhook-shape"],
    ["says nothing of whose it is", { touched: [] }, "connection-not-found"],
  ])("whose body %s is accepted, since it was signed, and parked as a data failure", async (_, body, code) => {
    const ports = await quietPorts(new AcmeServer(1));
    expect((await ingestWebhook(ports, post(body))).status).toBe(202);
    await runUntilIdle(ports);
    const failures = await openFailures(ports);
    expect(failures.map(({ why }) => [why.kind, why.code])).toEqual([["data", code]]);
  });

  test("about a thing that is gone leaves a tombstone that an older page cannot undo", async () => {
    const server = new AcmeServer(3);
    const ports = await connectedPorts(server);
    await runUntilIdle(ports);
    server.orders.delete("order-1");
    ports.clock.advance(1);
    await ingestWebhook(ports, post({ account: "acct-1", touched: ["order-1"] }));
    await runUntilIdle(ports);
    expect(await ports.records.read(scope, "order-1")).toMatchObject({ deleted: true, version: 2 });
  });

  test("fetched in the very millisecond of an older state is fetched again, so that the newer one is not taken for stale", async () => {
    const server = new AcmeServer(3);
    const ports = await quietPorts(server);
    await ingestWebhook(ports, post({ account: "acct-1", touched: ["order-1"] }));
    await consumeDue(ports);
    server.orders.set("order-1", 111);
    await ingestWebhook(ports, post({ account: "acct-1", touched: ["order-1"], again: true }));
    await consumeDue(ports);
    expect((await ports.records.read(scope, "order-1"))?.data).toEqual({ amount: "1" });
    await runUntilIdle(ports);
    expect(await ports.records.read(scope, "order-1")).toMatchObject({ version: 2, data: { amount: "111" } });
  });

  test("that names many things goes on one by one when it has to wait, and fetches nothing twice", async () => {
    const server = new AcmeServer(30);
    const ports = await quietPorts(server);
    let granted = 0;
    ports.gate.refuseWhen(() =>
      granted++ < 3 ? null : { kind: "refused", retryAtMs: ports.clock.nowMs() + 1_000, reason: "limit" },
    );
    await ingestWebhook(ports, post({ account: "acct-1", touched: [...server.orders.keys()] }));
    await consumeDue(ports);
    expect(server.calls).toHaveLength(3);
    ports.gate.refuseWhen(() => null);
    await runUntilIdle(ports);
    expect(ports.records.all()).toHaveLength(30);
    expect(server.calls).toHaveLength(30);
  });

  test("fetched back while a key is being replaced is fetched with the new one, and not given up", async () => {
    const server = new AcmeServer(3);
    const ports = await quietPorts(server);
    ports.transport.respond((request) => {
      if (request.headers["authorization"] !== "Bearer new-key") return jsonAnswer(401, { error: "revoked" });
      const { status, body } = server.answer(request.url);
      return jsonAnswer(status, body);
    });
    const stale = await ports.credentials.read(connection);
    await ports.credentials.replace(connection, stale, { apiKey: "new-key" });
    const read = ports.credentials.read.bind(ports.credentials);
    // As the cache of a function that has read the key before it was replaced.
    ports.credentials.read = async (owner, options) => (options?.fresh === true ? read(owner) : stale);
    await ingestWebhook(ports, post({ account: "acct-1", touched: ["order-1"] }));
    await runUntilIdle(ports);
    expect(await ports.records.read(scope, "order-1")).toMatchObject({ version: 1 });
    expect(await openFailures(ports)).toEqual([]);
  });

  test("of a week ago is skipped and counted", async () => {
    const ports = await quietPorts(new AcmeServer(1));
    await ingestWebhook(ports, post({ account: "acct-1", touched: ["order-0"] }));
    ports.clock.advance(8 * 86_400_000);
    await runUntilIdle(ports);
    expect(ports.records.all()).toEqual([]);
    expect(ports.metrics.counts).toContainEqual(expect.objectContaining({ name: "JobsStale" }));
  });
});

describe("a job that gave up", () => {
  const broken = async () => {
    const server = new AcmeServer(3);
    const ports = await quietPorts(server);
    ports.transport.respond(() => jsonAnswer(500, { error: "broken" }));
    await ingestWebhook(ports, post({ account: "acct-1", touched: ["order-2"] }));
    await runUntilIdle(ports);
    const mend = () => ports.transport.respond((request) => jsonAnswer(200, server.answer(request.url).body));
    return { ports, mend };
  };

  test("is kept whole with what it takes to understand it, and its replay closes it", async () => {
    const { ports, mend } = await broken();
    const [failure] = await openFailures(ports);
    expect(failure).toMatchObject({
      job: { attempts: 12 },
      why: { code: "http-500", kind: "transient", place: "orders one" },
    });
    expect(failure?.why.call).toContain("GET /orders/order-2");
    mend();
    if (failure === undefined) throw new Error("no failure");
    expect(await replayFailure(ports, failure)).toEqual({ kind: "replaying" });
    await runUntilIdle(ports);
    expect(await ports.records.read(scope, "order-2")).toMatchObject({ version: 1 });
    expect(await ports.failures.read("acme", failure.connectionId, failure.failureId)).toMatchObject({
      status: "resolved",
    });
  });

  test("and fails again is the same failure, open again", async () => {
    const { ports } = await broken();
    const [failure] = await openFailures(ports);
    if (failure === undefined) throw new Error("no failure");
    await replayFailure(ports, failure);
    await runUntilIdle(ports);
    const all = (await ports.failures.list({}, { limit: 10, cursor: null })).items;
    expect(all).toHaveLength(1);
    expect(all[0]).toMatchObject({ status: "open", seen: 2, replays: 1 });
  });

  test("cannot be replayed once it is closed", async () => {
    const { ports } = await broken();
    const [failure] = await openFailures(ports);
    if (failure === undefined) throw new Error("no failure");
    await ports.failures.move(failure, ["open"], "discarded", ports.clock.nowMs());
    expect(await replayFailure(ports, failure)).toMatchObject({ kind: "refused" });
  });

  test("as a run is imported again by a run that closes it", async () => {
    const server = new AcmeServer(3);
    const ports = await connectedPorts(server);
    ports.transport.respond(() => jsonAnswer(403, { error: "no" }));
    await runUntilIdle(ports);
    const [failure] = await openFailures(ports);
    expect(failure).toMatchObject({ why: { kind: "auth", code: "http-403" } });
    if (failure === undefined) throw new Error("no failure");
    ports.transport.respond((request) => jsonAnswer(200, server.answer(request.url).body));
    await replayFailure(ports, failure);
    await runUntilIdle(ports);
    expect(ports.records.all()).toHaveLength(3);
    expect(await openFailures(ports)).toEqual([]);
  });
});

test("a job of a partner that this deployment does not know is left to the queue, untouched", async () => {
  const ports = await quietPorts(new AcmeServer(1));
  await ingestWebhook(ports, post({ account: "acct-1", touched: [] }));
  const [job] = ports.lanes.take("webhooks", ports.clock.nowMs());
  if (job === undefined) throw new Error("no job");
  await expect(
    consumeJob(ports, { ...job, partner: "other" }, { workerId: "w", deadlineMs: startMs + 1_000 }),
  ).rejects.toThrow(/sluice\.config\.ts/);
});
