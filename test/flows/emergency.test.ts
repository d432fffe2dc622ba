import { describe, expect, test } from "vitest";
import { atRest, changed } from "../../lib/engine/control.ts";
import type { EmergencyOrder } from "../../lib/engine/emergency.ts";
import { emergencyConsume } from "../../lib/flows/emergency-consume.ts";
import { webhookJob } from "../support/port-values.ts";
import { jsonAnswer } from "../support/memory-ports.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { AcmeServer, connectedPorts, connectionId } from "./support/acme.ts";
import { MemoryLaneReader } from "./support/memory-lane-reader.ts";

const owner = { partner: "acme", connectionId };
const scope = { ...owner, resource: "orders" };

function webhookOf(id: string, touched: readonly string[]): string {
  const body = { kind: "text", text: JSON.stringify({ touched }) } as const;
  const work = { kind: "webhook", receivedAtMs: 0, contentType: "application/json", body } as const;
  return JSON.stringify(webhookJob(owner, { id, work }));
}

interface Opened {
  readonly ports: MemoryPorts;
  readonly reader: MemoryLaneReader;
  run(order?: Partial<EmergencyOrder>, workMs?: number): ReturnType<typeof emergencyConsume>;
}

async function open(server = new AcmeServer(30)): Promise<Opened> {
  const ports = await connectedPorts(server);
  const reader = new MemoryLaneReader();
  return {
    ports,
    reader,
    run: (order = {}, workMs = 15_000) =>
      emergencyConsume(
        { ...ports, laneReader: reader },
        "acme",
        { lane: "webhooks", count: 100, ...order },
        {
          workerId: "operator",
          deadlineMs: ports.clock.nowMs() + workMs,
        },
      ),
  };
}

describe("a lane worked by hand", () => {
  test("is emptied: each job's work is done, then its message is removed", async () => {
    const { ports, reader, run } = await open();
    for (let number = 0; number < 25; number++)
      reader.add(`m-${number}`, webhookOf(`w-${number}`, [`order-${number}`]));
    const report = await run();
    expect(report).toEqual({
      kind: "worked",
      received: 25,
      removed: 25,
      done: 25,
      deferred: 0,
      skipped: 0,
      givenUp: 0,
      left: 0,
      ended: "empty",
    });
    expect(reader.hidden).toEqual([]);
    for (let number = 0; number < 25; number++)
      expect(await ports.records.read(scope, `order-${number}`)).toMatchObject({ version: 1 });
  });

  test("takes no more than was asked for", async () => {
    const { reader, run } = await open();
    for (let number = 0; number < 25; number++) reader.add(`m-${number}`, webhookOf(`w-${number}`, ["order-1"]));
    expect(await run({ count: 12 })).toMatchObject({ received: 12, removed: 12, ended: "count" });
    expect(await run()).toMatchObject({ received: 13, ended: "empty" });
  });

  test("begins nothing when its time is up", async () => {
    const { reader, run } = await open();
    reader.add("m-1", webhookOf("w-1", ["order-1"]));
    expect(await run({}, 0)).toMatchObject({ received: 0, ended: "time" });
    expect(reader.hidden).toEqual([]);
  });

  test("keeps the message of a job that failed on our side, and works the others of its batch", async () => {
    const { ports, reader, run } = await open();
    reader.add("m-1", webhookOf("w-1", ["order-1"]));
    reader.add("m-2", webhookOf("w-2", ["order-2"]));
    const write = ports.records.write.bind(ports.records);
    ports.records.write = async (where, candidate, mark) => {
      if (candidate.externalId === "order-1") throw new Error("the table is throttled");
      return write(where, candidate, mark);
    };
    expect(await run()).toMatchObject({ received: 2, removed: 1, done: 1, left: 1 });
    expect(reader.removed).toEqual(["m-2"]);
    ports.records.write = write;
    reader.putBack();
    expect(await run()).toMatchObject({ received: 1, removed: 1, left: 0 });
    expect(await ports.records.read(scope, "order-1")).toMatchObject({ version: 1 });
  });

  test("works a message again whose removal failed, and writes nothing twice", async () => {
    const { ports, reader, run } = await open();
    reader.add("m-1", webhookOf("w-1", ["order-1"]));
    const remove = reader.remove.bind(reader);
    reader.remove = async () => Promise.reject(new Error("the queue does not answer"));
    expect(await run()).toMatchObject({ received: 1, removed: 0, left: 1 });
    reader.remove = remove;
    reader.putBack();
    expect(await run()).toMatchObject({ received: 1, removed: 1, left: 0 });
    expect(await ports.records.read(scope, "order-1")).toMatchObject({ version: 1 });
  });

  test("counts what failed and is tried again later as deferred, and a canary as done", async () => {
    const { ports, reader, run } = await open();
    ports.transport.respond(() => jsonAnswer(500, {}));
    reader.add("m-1", webhookOf("w-1", ["order-1"]));
    const work = { kind: "canary", sentAtMs: ports.clock.nowMs() } as const;
    reader.add("m-2", JSON.stringify(webhookJob(owner, { id: "canary", work })));
    expect(await run()).toMatchObject({ received: 2, removed: 2, done: 1, deferred: 1, skipped: 0, givenUp: 0 });
  });

  test("leaves what is no job of ours where it is", async () => {
    const { reader, run } = await open();
    reader.add("m-1", "not even JSON");
    reader.add("m-2", JSON.stringify({ version: 2 }));
    reader.add("m-3", webhookOf("w-3", ["order-3"]));
    expect(await run()).toMatchObject({ received: 3, removed: 1, left: 2 });
    expect(reader.removed).toEqual(["m-3"]);
  });

  test("goes through the gate: what waits for it is sent again, and its message removed only then", async () => {
    const { ports, reader, run } = await open();
    const { gate } = ports;
    gate.reserve = async () => ({ kind: "refused", retryAtMs: ports.clock.nowMs() + 60_000, reason: "limit" });
    reader.add("m-1", webhookOf("w-1", ["order-1"]));
    expect(await run()).toMatchObject({ received: 1, removed: 1, done: 0, deferred: 1 });
    expect(ports.lanes.messages.map(({ job }) => job.id)).toEqual(["w-1"]);
    expect(ports.transport.requests).toEqual([]);
  });

  test.each([
    ["paused", { pause: { sinceMs: 0, by: "maria", reason: "maintenance" } }],
    ["stopped", { breaker: { kind: "open", opened: 1, sinceMs: 0, untilMs: Number.MAX_SAFE_INTEGER } }],
  ] as const)("takes nothing while the partner is %s, and says so", async (said, change) => {
    const { ports, reader, run } = await open();
    await ports.control.compareAndSet(changed(atRest("acme", null), change));
    reader.add("m-1", webhookOf("w-1", ["order-1"]));
    const report = await run();
    expect(report.kind === "held" && report.why).toContain(said);
    expect(reader.hidden).toEqual([]);
  });

  test("counts what was skipped and what was given up apart from what is done", async () => {
    const { ports, reader, run } = await open();
    const stale = webhookJob(owner, { id: "w-1", expiresAtMs: ports.clock.nowMs() });
    reader.add("m-1", JSON.stringify(stale));
    const stranger = webhookJob({ ...owner, connectionId: "acme_nobody" }, { id: "w-2" });
    reader.add("m-2", JSON.stringify(stranger));
    expect(await run()).toMatchObject({ received: 2, removed: 2, done: 0, skipped: 1, givenUp: 1 });
    expect(ports.lanes.givenUp.map(({ job }) => job.id)).toEqual(["w-2"]);
  });

  test("pushes runs one by one, so that no message is held without being worked", async () => {
    const { reader, run } = await open();
    let held = 0;
    const receive = reader.receive.bind(reader);
    reader.receive = async (...args) => {
      const taken = await receive(...args);
      held = Math.max(held, reader.hidden.length);
      return taken;
    };
    for (const number of [1, 2, 3]) {
      const work = { kind: "push", runId: `orders-${number}`, sequence: 0, nudgeId: "n" } as const;
      reader.add(`m-${number}`, JSON.stringify(webhookJob(owner, { id: `p-${number}`, lane: "imports", work })));
    }
    expect(await run({ lane: "imports" })).toMatchObject({ received: 3, removed: 3 });
    expect(held).toBe(1);
  });
});
