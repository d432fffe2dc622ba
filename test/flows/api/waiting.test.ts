import { describe, expect, test } from "vitest";
import * as z from "zod";
import { changed } from "../../../lib/engine/control.ts";
import type { Control } from "../../../lib/engine/control.ts";
import { noHints } from "../../../lib/engine/gate/no-hints.ts";
import type { ResourceState } from "../../../lib/engine/ports.ts";
import type { Run } from "../../../lib/engine/run.ts";
import { leave } from "../../../lib/engine/run.ts";
import { startMs } from "../../support/memory-ports.ts";
import { TestApi } from "./support/api.ts";

const Resources = z.array(
  z.looseObject({ resource: z.string(), standing: z.string(), why: z.string(), nextDueAt: z.string().nullable() }),
);

async function ordersOf(api: TestApi, id: string): Promise<z.infer<typeof Resources>[number] | undefined> {
  const { data } = await api.call("GET", `/connections/${id}/waiting`);
  return Resources.parse(data.resources).find((each) => each.resource === "orders");
}

async function change(api: TestApi, id: string, changes: Partial<ResourceState>): Promise<void> {
  const state = await api.ports.connections.readResource("acme", id, "orders");
  if (state === null) throw new Error("no state of orders");
  await api.ports.connections.compareAndSetResource({ ...state, ...changes, revision: state.revision + 1 });
}

/** Moves the connection's first run on. */
async function moveRun(api: TestApi, id: string, move: (run: Run) => Run): Promise<void> {
  const run = api.ports.runs.all().find((each) => each.connectionId === id);
  if (run === undefined) throw new Error("no run");
  expect(await api.ports.runs.compareAndSet(move(run))).toBe("stored");
}

describe("why a resource waits", () => {
  test("its run has no worker yet", async () => {
    const api = new TestApi();
    const id = await api.connect();
    expect(await ordersOf(api, id)).toMatchObject({
      standing: "waiting",
      why: "It waits for a worker: its message is on the imports lane.",
      run: { waiting: null, attempts: 0 },
    });
  });

  test("its run waits for a limit, or for its next try", async () => {
    const api = new TestApi();
    const id = await api.connect();
    const notBeforeMs = startMs + 5_000;
    await moveRun(api, id, (run) =>
      leave(run, { nudgeId: "n", notBeforeMs, waiting: "limit", failed: false }, startMs),
    );
    expect(await ordersOf(api, id)).toMatchObject({
      standing: "waiting",
      why: "Our share of the partner's limit is used up; it goes on when a call may be sent again.",
      run: { waiting: "limit", notBefore: new Date(notBeforeMs).toISOString() },
    });
    const failed = { nudgeId: "n", notBeforeMs, waiting: "http-500", failed: true };
    await moveRun(api, id, (run) => leave(run, failed, startMs));
    expect((await ordersOf(api, id))?.why).toMatch(/http-500.*failed 1 times/);
  });

  test("a worker has it in hand, until its lease ends", async () => {
    const api = new TestApi();
    const id = await api.connect();
    const lease = { owner: "worker-1", expiresAtMs: startMs + 45_000 };
    await moveRun(api, id, (run) => ({ ...run, lease, revision: run.revision + 1 }));
    expect(await ordersOf(api, id)).toMatchObject({ standing: "running" });
    api.ports.clock.advance(45_000);
    expect(await ordersOf(api, id)).toMatchObject({ standing: "waiting" });
  });

  test.each([
    ["scheduled", startMs + 1],
    ["due", startMs],
    ["due", startMs - 600_000],
    ["overdue", startMs - 600_001],
    ["not-scheduled", null],
  ])("it is %s when its time is %d", async (standing, nextDueMs) => {
    const api = new TestApi();
    const id = await api.connect();
    await change(api, id, { activeRunId: null, nextDueMs });
    const nextDueAt = nextDueMs === null ? null : new Date(nextDueMs).toISOString();
    expect(await ordersOf(api, id)).toMatchObject({ standing, nextDueAt, run: null });
  });

  test("its connection is paused, until it is resumed", async () => {
    const api = new TestApi();
    const id = await api.connect();
    const paused = await api.call("POST", `/connections/${id}/pause`);
    expect(paused.data).toMatchObject({ id, status: "paused", resources: [{ nextDueAt: null }] });
    expect(await ordersOf(api, id)).toMatchObject({ standing: "held", why: "The connection is paused; resume it." });
    const resumed = await api.call("POST", `/connections/${id}/resume`);
    expect(resumed.data).toMatchObject({ id, status: "active" });
    expect((await ordersOf(api, id))?.standing).not.toBe("held");
    expect(api.ports.audit.entries.filter((entry) => entry.action === "connection.change")).toMatchObject([
      { detail: { status: "paused" } },
      { detail: { status: "active" } },
    ]);
  });
});

describe("who or what holds it", () => {
  const open = { kind: "open", opened: 1, sinceMs: startMs, untilMs: startMs + 30_000 } as const;
  const wish = { sinceMs: startMs, by: "maria", reason: "maintenance" };
  const set = async (api: TestApi, id: string | null, want: Partial<Control>): Promise<void> => {
    const control = await api.ports.control.read("acme", id);
    await api.ports.control.compareAndSet(changed(control, want));
  };

  test("is its partner's breaker, with when it is tried next", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await set(api, null, { breaker: open });
    const [since, nextProbeAt] = [startMs, startMs + 30_000].map((atMs) => new Date(atMs).toISOString());
    expect((await api.call("GET", `/connections/${id}/waiting`)).data).toMatchObject({
      held: [{ scope: "partner", what: "breaker", since, nextProbeAt, by: null }],
      breaker: { state: "open", scope: "partner", since, nextProbeAt },
    });
    const orders = await ordersOf(api, id);
    expect(orders?.standing).toBe("held");
    expect(orders?.why).toMatch(/too many of them failed.*closes by itself/);
  });

  test("is a breaker of its own, and the connection says so itself", async () => {
    const api = new TestApi();
    const [id, other] = [await api.connect(), await api.connect()];
    await set(api, id, { breaker: { ...open, kind: "half-open", begun: 1, passed: 0 } });
    expect((await api.call("GET", `/connections/${id}/waiting`)).data).toMatchObject({
      breaker: { state: "half-open", scope: "connection", nextProbeAt: null },
    });
    expect((await api.call("GET", `/connections/${id}`)).data).toMatchObject({ held: [{ scope: "connection" }] });
    expect((await api.call("GET", `/connections/${other}`)).data).toMatchObject({ held: [] });
  });

  test("is a person who paused its partner, and why", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await set(api, null, { pause: wish });
    const orders = await ordersOf(api, id);
    expect(orders?.why).toMatch(/paused since .* by maria \(maintenance\).*sluice resume --partner acme/);
  });

  test("is a credential that is refused, in the words that were kept", async () => {
    const api = new TestApi();
    const id = await api.connect();
    const connection = await api.ports.connections.read("acme", id);
    if (connection === null) throw new Error("no connection");
    const lost = { status: "needs-reconnect", statusReason: "Acme took the key no more." } as const;
    await api.ports.connections.compareAndSet({ ...connection, ...lost, revision: connection.revision + 1 });
    expect(await ordersOf(api, id)).toMatchObject({ standing: "held", why: "Acme took the key no more." });
  });

  test("a drain holds what is due, and lets what is under way go on", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await set(api, null, { schedules: wish });
    expect(await ordersOf(api, id)).toMatchObject({ standing: "waiting" });
    await change(api, id, { activeRunId: null, nextDueMs: startMs });
    expect(await ordersOf(api, id)).toMatchObject({ standing: "due", why: "It is due, and held back: it is drained." });
    await change(api, id, { nextDueMs: startMs - 3_600_000 });
    expect(await ordersOf(api, id)).toMatchObject({ standing: "overdue" });
    expect((await ordersOf(api, id))?.why).toContain("held back: it is drained");
  });
});

describe("what a connection waits behind", () => {
  test("is its account's limit, which the partner can push back", async () => {
    const api = new TestApi();
    const id = await api.connect({ account: "acct-1" });
    expect((await api.call("GET", `/connections/${id}/waiting`)).data).toMatchObject({
      limit: { heldUntil: null, limitsInUse: 0 },
      held: [],
      breaker: { state: "closed", scope: null, since: null, nextProbeAt: null },
    });
    const scope = (item: string) => ({
      item,
      bucket: "account 50/1000",
      rule: { kind: "slidingWindow" as const, requests: 50, perMs: 1_000 },
      share: 1,
      uncertaintyMs: 260,
      highShare: 0.2,
    });
    const hold = (item: string, notBeforeMs: number) =>
      api.ports.gate.settle("r", {
        scopes: [scope(item)],
        connectionId: "one",
        sent: 1,
        unused: 0,
        kinds: ["rate"],
        hints: { ...noHints, notBeforeMs },
      });
    await hold("acme#acct-1", startMs + 30_000);
    await hold("acme#acct-2", startMs + 90_000);
    expect((await api.call("GET", `/connections/${id}/waiting`)).data.limit).toEqual({
      heldUntil: new Date(startMs + 30_000).toISOString(),
      limitsInUse: 1,
    });
  });

  test("is how much is on its partner's lanes", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await api.connect({ partner: "beta", credential: { token: "beta-1", region: "eu" } });
    expect((await api.call("GET", `/connections/${id}/waiting`)).data.lanes).toEqual({
      webhooks: { waiting: 0, inFlight: 0, delayed: 0 },
      imports: { waiting: 1, inFlight: 0, delayed: 0 },
    });
  });
});
