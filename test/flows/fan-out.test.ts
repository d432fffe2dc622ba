import { describe, expect, test } from "vitest";
import { laneBoundsOf } from "../../lib/engine/backpressure.ts";
import { atRest, changed } from "../../lib/engine/control.ts";
import type { Control } from "../../lib/engine/control.ts";
import { admitImports } from "../../lib/flows/admit-imports.ts";
import { fanOut } from "../../lib/flows/fan-out.ts";
import { startMs } from "../support/memory-ports.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { acme, AcmeServer, connectedPorts, connection } from "./support/acme.ts";

const minuteMs = 60_000;
const wish = { sinceMs: startMs, by: "maria", reason: "maintenance" };
const bounds = laneBoundsOf(acme);

/** So many connections with an import that is due, the first the longest overdue. */
async function portsWithDue(count: number): Promise<MemoryPorts> {
  const ports = await connectedPorts(new AcmeServer(1));
  for (let number = 0; number < count; number++) {
    const connectionId = `acme_${String(number).padStart(4, "0")}`;
    await ports.connections.create({ ...connection, connectionId, account: connectionId });
    const nextDueMs = startMs - (count - number) * minuteMs;
    await ports.connections.createResource({
      partner: "acme",
      connectionId,
      resource: "orders",
      nextDueMs,
      activeRunId: null,
      watermarkMs: null,
      fullPassAtMs: null,
      succeededAtMs: null,
      lastError: null,
      revision: 1,
    });
  }
  const first = await ports.connections.readResource("acme", connection.connectionId, "orders");
  if (first === null) throw new Error("acme's own resource");
  await ports.connections.compareAndSetResource({ ...first, nextDueMs: null, revision: first.revision + 1 });
  return ports;
}

function withDepth(ports: MemoryPorts, depth: number): { readonly asked: () => number } {
  let asked = 0;
  ports.lanes.depth = async () => {
    asked += 1;
    return { waiting: depth - 1, inFlight: 1, delayed: 9_999 };
  };
  return { asked: () => asked };
}

async function want(ports: MemoryPorts, change: Partial<Control>): Promise<void> {
  await ports.control.compareAndSet(changed(atRest("acme", null), change));
}

describe("fan-out", () => {
  test("starts nothing that an index behind its table still lists as due", async () => {
    const ports = await portsWithDue(1);
    withDepth(ports, 1);
    const listed = await ports.connections.due("acme", startMs, 10);
    await fanOut(ports, acme);
    ports.connections.due = async () => listed.map((state) => ({ ...state, nextDueMs: startMs - 1 }));
    expect(await fanOut(ports, acme)).toMatchObject({ due: 1, started: 0, failed: 0 });
    expect((await ports.runs.list("acme", "acme_0000", { limit: 10, cursor: null })).items).toHaveLength(1);
  });

  test("starts all that is due while the lane has room", async () => {
    const ports = await portsWithDue(30);
    withDepth(ports, bounds.depthMax - 1);
    expect(await fanOut(ports, acme)).toEqual({ due: 30, started: 30, failed: 0, heldBack: 0 });
    expect(ports.metrics.total("ImportsHeldBack")).toBe(0);
  });

  test("starts only the longest overdue few when the lane is full, counts the others, and they stay due", async () => {
    const ports = await portsWithDue(30);
    withDepth(ports, bounds.depthMax);
    expect(await fanOut(ports, acme)).toEqual({ due: 30, started: 10, failed: 0, heldBack: 20 });
    expect(ports.runs.all().map((run) => run.connectionId)).toEqual(
      Array.from({ length: 10 }, (_, number) => `acme_${String(number).padStart(4, "0")}`),
    );
    expect(ports.metrics.total("ImportsHeldBack", "lane")).toBe(20);
    expect(await ports.connections.due("acme", startMs, 100)).toHaveLength(20);
  });

  test("starts nothing when the lane is twice as full", async () => {
    const ports = await portsWithDue(3);
    withDepth(ports, 2 * bounds.depthMax);
    expect(await fanOut(ports, acme)).toMatchObject({ started: 0, heldBack: 3 });
    expect(ports.lanes.sent).toEqual([]);
  });

  test("starts few when the lane's canary is late", async () => {
    const ports = await portsWithDue(30);
    withDepth(ports, 11);
    const sentAtMs = startMs - bounds.ageMsMax;
    await want(ports, { canaries: [{ lane: "imports", sentAtMs, consumedAtMs: startMs }] });
    expect(await fanOut(ports, acme)).toMatchObject({ started: 10, heldBack: 20 });
  });

  test.each([
    ["paused", { pause: wish }],
    ["schedules", { schedules: wish }],
    ["breaker", { breaker: { kind: "open", opened: 1, sinceMs: startMs, untilMs: startMs + minuteMs } }],
  ] as const)("starts nothing while the partner is held (%s), without asking the lane", async (cause, change) => {
    const ports = await portsWithDue(3);
    const lane = withDepth(ports, 1);
    await want(ports, change);
    expect(await fanOut(ports, acme)).toEqual({ due: 3, started: 0, failed: 0, heldBack: 3 });
    expect(ports.metrics.total("ImportsHeldBack", cause)).toBe(3);
    expect(lane.asked()).toBe(0);
    await ports.control.compareAndSet({ ...atRest("acme", null), revision: 2 });
    expect(await fanOut(ports, acme)).toMatchObject({ started: 3, heldBack: 0 });
  });

  test("asks nobody in a minute in which nothing is due", async () => {
    const ports = await portsWithDue(0);
    const lane = withDepth(ports, 9_999);
    let reads = 0;
    const read = ports.control.read.bind(ports.control);
    ports.control.read = async (...args) => {
      reads += 1;
      return read(...args);
    };
    expect(await fanOut(ports, acme)).toEqual({ due: 0, started: 0, failed: 0, heldBack: 0 });
    expect([lane.asked(), reads]).toEqual([0, 0]);
  });

  test("imports on when the depth cannot be had", async () => {
    const ports = await portsWithDue(2);
    ports.lanes.depth = async () => Promise.reject(new Error("throttled"));
    expect(await fanOut(ports, acme)).toMatchObject({ started: 2 });
  });

  test("says why, in words that follow the partner's name", async () => {
    const ports = await portsWithDue(1);
    withDepth(ports, bounds.depthMax);
    expect(JSON.stringify(await admitImports(ports, acme))).toContain(`holds ${bounds.depthMax} messages`);
  });
});
