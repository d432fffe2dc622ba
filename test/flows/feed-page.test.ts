import { describe, expect, test } from "vitest";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { jsonAnswer } from "../support/memory-ports.ts";
import { AcmeServer, connectedPorts, connectionId } from "./support/acme.ts";
import { runUntilIdle } from "./support/world.ts";

const page = (number: number) => `/v1/changes?page=${number}`;

interface World {
  readonly ports: MemoryPorts;
  readonly server: AcmeServer;
  /** What the first import of changes asked for; a later one asks for changes since another moment. */
  readonly asked: () => readonly string[];
}

/** Orders that changed since they were imported; the import of changes is due, and each of its turns has so many calls. */
async function changedWorld(ids: readonly string[], callsByTurn: readonly number[], pageSize = 4): Promise<World> {
  const server = new AcmeServer(0, pageSize);
  for (const id of ids) server.orders.set(id, 1);
  const ports = await connectedPorts(server);
  await runUntilIdle(ports);
  for (const id of ids) {
    server.orders.set(id, 2);
    server.changes.push(id);
  }
  const state = await ports.connections.readResource("acme", connectionId, "orders");
  ports.clock.set(state?.nextDueMs ?? 0);
  limitCalls(ports, callsByTurn);
  return { ports, server, asked: watch(ports, server) };
}

/** The last number holds for all turns after. */
function limitCalls({ clock, gate }: MemoryPorts, callsByTurn: readonly number[]): void {
  const ahead = [...callsByTurn];
  let left = 0;
  let untilMs = 0;
  gate.refuseWhen(() => {
    if (clock.nowMs() >= untilMs) {
      left = (ahead.length > 1 ? ahead.shift() : ahead[0]) ?? 0;
      untilMs = clock.nowMs() + 3_000;
    }
    left -= 1;
    return left < 0 ? { kind: "refused", retryAtMs: untilMs, reason: "limit" } : null;
  });
}

function watch({ transport }: MemoryPorts, server: AcmeServer): () => readonly string[] {
  const sinces = new Set<string>();
  const counts: number[] = [];
  server.calls.length = 0;
  transport.respond((request) => {
    const since = new URL(request.url).searchParams.get("since");
    if (since !== null && !sinces.has(since)) {
      sinces.add(since);
      counts.push(server.calls.length);
    }
    const { status, body } = server.answer(request.url);
    return jsonAnswer(status, body);
  });
  return () => server.calls.slice(0, counts[1]);
}

const order = (id: string) => `/v1/orders/${id}`;
const nineIds = Array.from({ length: 9 }, (_, index) => `order-${index}`);
const amounts = ({ ports }: World) => ports.records.all().map(({ externalId, data }) => [externalId, data.amount]);
const runsOf = async ({ ports }: World) =>
  (await ports.runs.list("acme", connectionId, { limit: 100, cursor: null })).items;

describe("a feed's page", () => {
  test("costs one call where each turn has one, and each thing on it another", async () => {
    const world = await changedWorld(nineIds, [1]);
    await runUntilIdle(world.ports);
    const inPages = [page(0), ...nineIds.slice(0, 4), page(1), ...nineIds.slice(4, 8), page(2), ...nineIds.slice(8)];
    expect(world.asked()).toEqual(inPages.map((each) => (each.startsWith("/") ? each : order(each))));
    expect(amounts(world)).toEqual(nineIds.map((id) => [id, "2"]));
    const [run] = await runsOf(world);
    expect(run).toMatchObject({
      mode: "incremental",
      status: { kind: "done" },
      progress: { pages: 3, fetched: 9, updated: 9 },
    });
  });

  test("that names more than a run can keep is read again until what is left can be kept", async () => {
    const longIds = Array.from({ length: 201 }, (_, index) => String(index).padStart(247, "0"));
    const world = await changedWorld(longIds, [2, 2, 1_000], longIds.length);
    await runUntilIdle(world.ports);
    const [first = "", second = "", ...others] = longIds;
    const expected = [page(0), order(first), page(0), order(second), ...others.map(order)];
    expect(world.asked().map((call) => expected.indexOf(call))).toEqual(expected.map((call) => expected.indexOf(call)));
    expect(amounts(world).filter(([, amount]) => amount === "2")).toHaveLength(201);
  });

  test("of things that the partner cannot give for long ends after twelve attempts, and is read once", async () => {
    const world = await changedWorld(["order-0"], [1_000]);
    world.ports.transport.respond((request) => {
      const { status, body } = world.server.answer(request.url);
      return request.url.includes("/orders/") ? jsonAnswer(503, { error: "down" }) : jsonAnswer(status, body);
    });
    await runUntilIdle(world.ports);
    const run = (await runsOf(world)).find(({ mode }) => mode === "incremental");
    expect(run).toMatchObject({ status: { kind: "failed" } });
    expect(world.server.calls).toEqual([page(0), ...Array.from({ length: 12 }, () => order("order-0"))]);
  });
});

describe("a worker that dies while it follows a feed, one call a turn", async () => {
  const ids = nineIds.slice(0, 5);
  const undisturbed = await changedWorld(ids, [1]);
  const { calls } = await runUntilIdle(undisturbed.ports);
  test("has somewhere to die", () => expect(calls).toBeGreaterThan(100));

  describe.each(["before", "after"] as const)("%s an effect", (when) => {
    test.each(Array.from({ length: calls }, (_, index) => index + 1))(
      "the %i-th passes nothing by and asks for little twice",
      async (atCall) => {
        const world = await changedWorld(ids, [1]);
        const { died } = await runUntilIdle(world.ports, { atCall, when });
        expect(died).toBe(true);
        expect(amounts(world)).toEqual(ids.map((id) => [id, "2"]));
        expect(world.ports.records.all().every(({ version }) => version === 2)).toBe(true);
        expect((await runsOf(world)).every(({ status }) => status.kind === "done")).toBe(true);
        expect((await world.ports.failures.list({}, { limit: 10, cursor: null })).items).toEqual([]);
        // The call that was under way, and no page for the sake of a thing.
        expect(world.asked().length).toBeLessThanOrEqual(undisturbed.asked().length + 1);
      },
    );
  });
});
