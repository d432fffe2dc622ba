import { describe, expect, test } from "vitest";
import type { ResourceState } from "../../lib/engine/ports.ts";
import { askAgain, isAnswered } from "../../lib/engine/refresh-ask.ts";
import { fanOut } from "../../lib/flows/fan-out.ts";
import { finishRun } from "../../lib/flows/finish-run.ts";
import { recoverConnections, recoverControl } from "../../lib/flows/recover-partner.ts";
import type { RecoverOrder } from "../../lib/flows/recover-partner.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { jsonAnswer, startMs } from "../support/memory-ports.ts";
import { acme, AcmeServer, connectedPorts, connectionId } from "./support/acme.ts";
import { runUntilIdle } from "./support/world.ts";

const dayMs = 86_400_000;
const purge: RecoverOrder = { how: "purge-and-refresh", resources: null, full: true };

async function recover(ports: MemoryPorts, order: RecoverOrder): Promise<void> {
  await recoverControl(ports, acme, order, { sinceMs: ports.clock.nowMs(), by: "maria", reason: "an outage" });
  await recoverConnections(ports, acme, order, null);
}

async function stateOf(ports: MemoryPorts): Promise<ResourceState> {
  const state = await ports.connections.readResource("acme", connectionId, "orders");
  if (state === null) throw new Error("the resource's state is gone");
  return state;
}

/** Imports until all is still; while the second page of its first pass is under way, `meanwhile` happens. */
async function importWith(meanwhile: (ports: MemoryPorts, server: AcmeServer) => Promise<void>): Promise<MemoryPorts> {
  const server = new AcmeServer(45);
  const ports = await connectedPorts(server);
  let pages = 0;
  ports.transport.respond(async (request) => {
    const { status, body } = server.answer(request.url);
    if (request.url.includes("page=") && ++pages === 2) {
      ports.clock.advance(5_000);
      await meanwhile(ports, server);
      // What is due joins the run that is under way.
      await fanOut(ports, acme);
    }
    return jsonAnswer(status, body);
  });
  await runUntilIdle(ports);
  return ports;
}

const modesOf = (ports: MemoryPorts): readonly string[] =>
  ports.runs
    .all()
    .toSorted((a, b) => a.startedAtMs - b.startedAtMs)
    .map(({ mode }) => mode);

describe("a purge while a full pass is under way", () => {
  test("leads to another full pass at once, which finds what the first had passed", async () => {
    const ports = await importWith(async (during, server) => {
      // On the first page, which the pass has left behind; the webhook that told of it is purged.
      server.orders.set("order-1", 111);
      await recover(during, purge);
    });
    expect(modesOf(ports)).toEqual(["full", "full"]);
    const record = await ports.records.read({ partner: "acme", connectionId, resource: "orders" }, "order-1");
    expect(record?.data).toEqual({ amount: "111" });
    const state = await stateOf(ports);
    expect(state.refreshAsked).toBeNull();
    expect(state.fullPassAtMs).toBe(ports.runs.all().at(-1)?.checkpoint.beganMs);
    expect((state.fullPassAtMs ?? 0) - startMs).toBeLessThan(120_000);
  });

  test("that wants the changes alone is followed by an import of those, and the pass counts", async () => {
    const ports = await importWith((during) => recover(during, { ...purge, full: false }));
    expect(modesOf(ports)).toEqual(["full", "incremental"]);
    expect(await stateOf(ports)).toMatchObject({ fullPassAtMs: startMs, refreshAsked: null });
  });

  test("of a paused connection leads to one when it goes on", async () => {
    const ports = await importWith(async (during) => {
      const current = await during.connections.read("acme", connectionId);
      if (current === null) throw new Error("the connection is gone");
      await during.connections.compareAndSet({ ...current, status: "paused", revision: current.revision + 1 });
      await recover(during, purge);
      await during.connections.compareAndSet({ ...current, status: "active", revision: current.revision + 2 });
    });
    expect(modesOf(ports)).toEqual(["full", "full"]);
    expect(await stateOf(ports)).toMatchObject({ refreshAsked: null });
  });

  test("asks for one more pass and no second one, when the first pass's end dies half-way and is done again", async () => {
    const ports = await connectedPorts(new AcmeServer(1));
    await runUntilIdle(ports);
    const [run] = ports.runs.all();
    const resource = acme.resources.orders;
    if (run === undefined || resource === undefined) throw new Error("nothing was imported");
    await recover(ports, purge);
    const nextDueMs = ports.clock.nowMs() + dayMs;
    const state = await stateOf(ports);
    const { lastRun: _, ...unnoted } = state;
    await ports.connections.compareAndSetResource({ ...unnoted, nextDueMs, revision: state.revision + 1 });
    await finishRun(ports, resource, run);
    const ended = await stateOf(ports);
    expect(ended).toMatchObject({ fullPassAtMs: null, nextDueMs: ports.clock.nowMs() });
    // The pass that was asked for has begun, and the resource has its next time.
    await ports.connections.compareAndSetResource({ ...ended, nextDueMs, revision: ended.revision + 1 });
    await finishRun(ports, resource, run);
    expect(await stateOf(ports)).toMatchObject({ fullPassAtMs: null, nextDueMs });
  });
});

describe("what was asked for", () => {
  const ask = { atMs: startMs, full: true };
  const run = (mode: "full" | "incremental", beganMs: number) => ({
    mode,
    checkpoint: { position: { kind: "end" as const }, sinceMs: null, beganMs },
  });

  test("is answered by a pass that began after it by both clocks, and by changes where those are wanted", () => {
    expect(isAnswered(ask, run("full", startMs + 1_001))).toBe(true);
    expect(isAnswered(ask, run("full", startMs + 1_000))).toBe(false);
    expect(isAnswered(ask, run("incremental", startMs + 60_000))).toBe(false);
    expect(isAnswered({ ...ask, full: false }, run("incremental", startMs + 60_000))).toBe(true);
  });

  test("twice is owed as of the later time, everything if one of them wants that", () => {
    expect(askAgain(null, ask)).toEqual(ask);
    expect(askAgain(ask, { atMs: startMs + 5, full: false })).toEqual({ atMs: startMs + 5, full: true });
    expect(askAgain(ask, { atMs: startMs - 5, full: false })).toEqual(ask);
  });
});
