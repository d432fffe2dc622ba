import { beforeEach, describe, expect, test } from "vitest";
import type { OutboundAnswer, OutboundRequest } from "../../lib/engine/ports.ts";
import { consumeJob } from "../../lib/flows/consume-job.ts";
import { fetchOne } from "../../lib/flows/fetch-one.ts";
import { ingestWebhook } from "../../lib/flows/ingest-webhook.ts";
import { publishChanges } from "../../lib/flows/publish-changes.ts";
import { saveRecords } from "../../lib/flows/save-records.ts";
import type { SaveTarget } from "../../lib/flows/save-records.ts";
import { acme, AcmeServer, connectedPorts, connection, connectionId } from "../flows/support/acme.ts";
import { runUntilIdle } from "../flows/support/world.ts";
import { jsonAnswer } from "../support/memory-ports.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";

const scope = { partner: "acme", connectionId, resource: "orders" };
const dayMs = 86_400_000;
const externalId = "order-15";

/** Orders 0 to 29 at the partner, in three pages, all of them imported; what becomes of one, told by history and bus. */
describe("one record that several workers are at", () => {
  let server: AcmeServer;
  let ports: MemoryPorts;
  beforeEach(async () => {
    server = new AcmeServer(30);
    ports = await connectedPorts(server);
    tellOfWrites(ports);
    await runUntilIdle(ports);
    ports.clock.advance(60_000);
  });

  const answer = ({ url }: Pick<OutboundRequest, "url">): OutboundAnswer => {
    const { status, body } = server.answer(url);
    return jsonAnswer(status, body);
  };
  const announce = () =>
    ingestWebhook(ports, {
      partner: "acme",
      connectionId: null,
      headers: { "x-acme-word": "word", "content-type": "application/json" },
      rawBody: new TextEncoder().encode(JSON.stringify({ account: "acct-1", touched: [externalId] })),
      url: "https://hooks.example/webhooks/acme",
      method: "POST",
      trace: "trace-1",
    });
  const consume = async () => {
    for (const job of ports.lanes.take("webhooks", ports.clock.nowMs()))
      await consumeJob(ports, job, { workerId: ports.random.id(), deadlineMs: ports.clock.nowMs() + 30_000 });
  };
  const stored = async () => (await ports.records.read(scope, externalId))?.data["amount"];
  const history = async () =>
    (await ports.history.list(scope, externalId, 10)).map(({ version, change, data, source }) => {
      return `${version} ${change} ${String(data["amount"])} by ${source.kind}`;
    });
  const told = () =>
    ports.events.published
      .filter(({ id }) => id.includes(`#${externalId}#`))
      .map(({ type, id }) => `${type} ${id.split("#").at(-1)}`);

  test("ends as the newest, though the older state is written last", async () => {
    await Promise.all([announce(), announce()]);
    let calls = 0;
    let isWritten = (): void => {};
    const written = new Promise<void>((resolve) => (isWritten = resolve));
    ports.transport.respond(async (request) => {
      const seen = answer(request);
      calls += 1;
      if (calls > 1) return seen;
      server.orders.set(externalId, 100);
      // The other worker asks later and is done sooner.
      await written;
      return seen;
    });
    const [first, second] = ports.lanes.take("webhooks", ports.clock.nowMs());
    if (first === undefined || second === undefined) throw new Error("two jobs were sent");
    const context = { workerId: "one", deadlineMs: ports.clock.nowMs() + 30_000 };
    const slow = consumeJob(ports, first, context);
    await consumeJob(ports, second, { ...context, workerId: "two" });
    isWritten();
    await slow;
    await runUntilIdle(ports);
    expect(await stored()).toBe("100");
    expect(await history()).toEqual(["2 updated 100 by webhook", "1 created 15 by run"]);
    expect(told()).toEqual(["record.created 1", "record.updated 2"]);
  });

  test("ends right when its webhook is worked off while an import's page with its former state is on the way", async () => {
    ports.clock.advance(dayMs);
    let isChanged = false;
    ports.transport.respond(async (request) => {
      const seen = answer(request);
      if (isChanged || !request.url.includes("/orders?page=1")) return seen;
      isChanged = true;
      server.orders.set(externalId, 150);
      await announce();
      await consume();
      return seen;
    });
    await runUntilIdle(ports);
    expect(isChanged).toBe(true);
    expect(await stored()).toBe("150");
    expect(await history()).toEqual(["2 updated 150 by webhook", "1 created 15 by run"]);
    expect(told()).toEqual(["record.created 1", "record.updated 2"]);
  });

  test("changed while an import passes over it, its history and its events show the change once", async () => {
    ports.clock.advance(dayMs);
    let isChanged = false;
    ports.transport.respond(async (request) => {
      if (!isChanged && request.url.includes("/orders?page=1")) {
        isChanged = true;
        server.orders.set(externalId, 150);
        await announce();
        await announce();
      }
      return answer(request);
    });
    await runUntilIdle(ports);
    expect(await stored()).toBe("150");
    expect(await history()).toEqual(["2 updated 150 by run", "1 created 15 by run"]);
    expect(told()).toEqual(["record.created 1", "record.updated 2"]);
  });

  test("that goes back to a former value has a version for each change, and none for webhooks that come late", async () => {
    for (const amount of [150, 15]) {
      server.orders.set(externalId, amount);
      await announce();
      await consume();
      ports.clock.advance(60_000);
    }
    await Promise.all([announce(), announce()]);
    await consume();
    expect(await history()).toEqual(["3 updated 15 by webhook", "2 updated 150 by webhook", "1 created 15 by run"]);
    expect(told()).toEqual(["record.created 1", "record.updated 2", "record.updated 3"]);
  });

  test("that came back while a 404 was on its way is not deleted", async () => {
    const limits = { lane: "webhooks", deadlineMs: ports.clock.nowMs() + 60_000 } as const;
    server.orders.delete(externalId);
    let calls = 0;
    ports.transport.respond(async (request) => {
      const seen = answer(request);
      calls += 1;
      if (calls > 1) return seen;
      server.orders.set(externalId, 150);
      await fetchOne(ports, targetOf("another"), externalId, limits);
      ports.clock.advance(5_000);
      return seen;
    });
    await fetchOne(ports, targetOf("one"), externalId, limits);
    expect(await history()).toEqual(["2 updated 150 by webhook", "1 created 15 by run"]);
    expect(await ports.records.read(scope, externalId)).toMatchObject({ deleted: false, data: { amount: "150" } });
  });
});

test.each([
  ["last", [1, 2]],
  ["first", [2, 1]],
])("of a thing that a page names twice the newest is kept, be it named %s", async (_, amounts) => {
  const ports = await connectedPorts(new AcmeServer(0));
  const target = targetOf("one");
  // Each state's amount is its version.
  const version = (raw: unknown) => (raw as { readonly amount: number }).amount;
  const raws = amounts.map((amount) => ({ id: externalId, amount }));
  const fetched = { beganMs: ports.clock.nowMs(), lateMsMax: 10_000 };
  await saveRecords(ports, { ...target, resource: { ...target.resource, version } }, raws, fetched);
  expect(await ports.records.read(scope, externalId)).toMatchObject({ version: 1, data: { amount: "2" } });
});

function targetOf(id: string): SaveTarget {
  const { orders } = acme.resources;
  if (orders === undefined) throw new Error("acme has orders");
  const source = { kind: "webhook", id } as const;
  return { driver: acme, connection, resourceName: "orders", resource: orders, source, trace: "trace" };
}

/** Every write goes through the stream to history and bus. */
function tellOfWrites(ports: MemoryPorts): void {
  const { records } = ports;
  const write = records.write.bind(records);
  records.write = async (of, candidate, mark) => {
    const before = await records.read(of, candidate.externalId);
    const outcome = await write(of, candidate, mark);
    const after = await records.read(of, candidate.externalId);
    if (after === null || JSON.stringify(after) === JSON.stringify(before)) return outcome;
    await publishChanges(ports, [{ sequence: "0", read: async () => ({ kind: "record", before, after }) }]);
    return outcome;
  };
}
