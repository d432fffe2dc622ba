import { describe, expect, test } from "vitest";
import * as z from "zod";
import { atRest, changed } from "../../../lib/engine/control.ts";
import { startMs } from "../../support/memory-ports.ts";
import { TestApi } from "./support/api.ts";
import { makeFailure } from "./support/seed.ts";

const Partner = z.looseObject({ partner: z.string(), health: z.string(), why: z.array(z.string()) });

async function statusOf(api: TestApi, partner: string): Promise<z.infer<typeof Partner>> {
  const { data } = await api.call("GET", "/status");
  const found = z
    .array(Partner)
    .parse(data.partners)
    .find((each) => each.partner === partner);
  if (found === undefined) throw new Error(`no status of ${partner}`);
  return found;
}

/** What a run's end writes. */
async function ended(api: TestApi, connectionId: string, result: "success" | "failure", atMs: number): Promise<void> {
  const state = await api.ports.connections.readResource("acme", connectionId, "orders");
  if (state === null) throw new Error("no state of orders");
  await api.ports.connections.compareAndSetResource({
    ...state,
    activeRunId: null,
    nextDueMs: atMs + 300_000,
    succeededAtMs: result === "success" ? atMs : state.succeededAtMs,
    lastError: result === "success" ? null : { atMs, code: "http-500", kind: "transient" },
    revision: state.revision + 1,
  });
}

describe("GET /status", () => {
  test("shows every partner, those without connections too", async () => {
    const { data } = await new TestApi().call("GET", "/status");
    expect(data).toMatchObject({
      at: new Date(startMs).toISOString(),
      complete: true,
      partners: [
        {
          partner: "acme",
          health: "healthy",
          why: [],
          connections: { total: 0 },
          lastRunAt: null,
          lastSuccessAt: null,
        },
        { partner: "beta", health: "healthy" },
      ],
    });
  });

  test("is healthy with its last success when what was done last succeeded", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await ended(api, id, "failure", startMs + 1_000);
    await ended(api, id, "success", startMs + 2_000);
    expect(await statusOf(api, "acme")).toMatchObject({
      health: "healthy",
      why: [],
      connections: { total: 1, working: 1, failing: 0 },
      activeRuns: 0,
      lastRunAt: new Date(startMs + 2_000).toISOString(),
      lastSuccessAt: new Date(startMs + 2_000).toISOString(),
    });
  });

  test("is degraded while one of two connections fails, down when both do", async () => {
    const api = new TestApi();
    const [first, second] = [await api.connect(), await api.connect()];
    await ended(api, first, "success", startMs + 1_000);
    await ended(api, second, "failure", startMs + 2_000);
    expect(await statusOf(api, "acme")).toMatchObject({
      health: "degraded",
      why: ["1 connection failed at the last import"],
      lastRunAt: new Date(startMs + 2_000).toISOString(),
      lastSuccessAt: new Date(startMs + 1_000).toISOString(),
    });
    await ended(api, first, "failure", startMs + 3_000);
    expect(await statusOf(api, "acme")).toMatchObject({
      health: "down",
      why: ["2 connections failed at the last import"],
    });
  });

  test("takes a pause for a wish and a lost credential for a fault", async () => {
    const api = new TestApi();
    const [first, second] = [await api.connect(), await api.connect()];
    await api.call("POST", `/connections/${first}/pause`);
    expect(await statusOf(api, "acme")).toMatchObject({ health: "healthy", connections: { paused: 1 } });
    const lost = await api.ports.connections.read("acme", second);
    if (lost === null) throw new Error("no connection");
    await api.ports.connections.compareAndSet({ ...lost, status: "needs-reconnect", revision: lost.revision + 1 });
    expect(await statusOf(api, "acme")).toMatchObject({
      health: "down",
      why: ["1 connection without a credential that works"],
    });
  });

  test("counts open failures by kind, of this partner alone", async () => {
    const api = new TestApi();
    const auth = makeFailure("c");
    for (const failure of [
      makeFailure("a"),
      makeFailure("b"),
      { ...auth, why: { ...auth.why, kind: "auth" as const } },
    ])
      await api.ports.failures.record(failure);
    await api.ports.failures.record(makeFailure("closed"));
    await api.ports.failures.move(makeFailure("closed"), ["open"], "resolved", startMs);
    expect(await statusOf(api, "acme")).toMatchObject({
      health: "degraded",
      why: ["3 open failures (2 transient, 1 auth)"],
      openFailures: { total: 3, byKind: { transient: 2, auth: 1 } },
    });
    expect(await statusOf(api, "beta")).toMatchObject({ health: "healthy", openFailures: { total: 0 } });
  });

  test("tells of imports that nobody starts, once they are late", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await ended(api, id, "success", startMs);
    api.ports.clock.advance(300_000 + 600_000);
    expect(await statusOf(api, "acme")).toMatchObject({ health: "healthy", overdue: 0 });
    api.ports.clock.advance(1);
    expect(await statusOf(api, "acme")).toMatchObject({
      health: "degraded",
      why: ["1 import due and not started"],
      overdue: 1,
    });
  });

  test("is down while the breaker is open, and says when the next probe is", async () => {
    const api = new TestApi();
    await api.connect();
    const untilMs = startMs + 30_000;
    const breaker = { kind: "open", opened: 1, sinceMs: startMs, untilMs } as const;
    await api.ports.control.compareAndSet(changed(atRest("acme", null), { breaker }));
    const { health, why, held } = await statusOf(api, "acme");
    expect([health, held]).toMatchObject(["down", [{ what: "breaker" }]]);
    expect(why[0]).toContain(new Date(untilMs).toISOString());
  });

  test("is no worse for a pause or a drain, nor for what is not started because of it, and says who wants it", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await ended(api, id, "success", startMs);
    const wish = { sinceMs: startMs, by: "maria", reason: "maintenance" };
    await api.ports.control.compareAndSet(changed(atRest("acme", null), { schedules: wish, pause: wish }));
    api.ports.clock.advance(7_200_000);
    expect(await statusOf(api, "acme")).toMatchObject({
      health: "healthy",
      why: [],
      overdue: 1,
      held: [{ what: "paused", by: "maria" }, { what: "draining" }],
    });
  });

  test("is degraded while due imports are held back, and says by how full a lane", async () => {
    const api = new TestApi();
    api.ports.lanes.depth = async () => ({ waiting: 9_000, inFlight: 5, delayed: 0 });
    const { health, why, heldBack } = await statusOf(api, "acme");
    expect(health).toBe("degraded");
    expect(why).toEqual([`due imports are held back: ${String(heldBack)}`]);
    expect(heldBack).toMatch(/9005 messages/);
  });

  test("is degraded while a connection's own breaker holds it", async () => {
    const api = new TestApi();
    const id = await api.connect();
    const breaker = { kind: "open", opened: 1, sinceMs: startMs, untilMs: startMs + 30_000 } as const;
    await api.ports.control.compareAndSet(changed(atRest("acme", id), { breaker }));
    await api.ports.control.compareAndSet(changed(atRest("acme", null), { connectionsHeld: true }));
    expect(await statusOf(api, "acme")).toMatchObject({
      health: "degraded",
      why: ["1 connection held by a breaker of its own"],
      connectionsHeld: 1,
    });
  });

  test("looks at a bounded number of connections and says so", async () => {
    const api = new TestApi();
    for (let number = 0; number < 301; number++) await api.connect();
    let reads = 0;
    const listResources = api.ports.connections.listResources.bind(api.ports.connections);
    api.ports.connections.listResources = (partner, id) => {
      reads += 1;
      return listResources(partner, id);
    };
    const { data } = await api.call("GET", "/status");
    expect([reads, data.complete, data.looked]).toEqual([
      300,
      false,
      { connections: 300, connectionsMax: 300, failuresMax: 100, overdueMax: 100, heldMax: 100 },
    ]);
  });
});
