import { fingerprintOf } from "../../../lib/engine/fingerprint.ts";
import { historyOf } from "../../../lib/engine/history.ts";
import { describe, expect, test } from "vitest";
import { leaseMs } from "../../../lib/engine/run.ts";
import { startMs } from "../../support/memory-ports.ts";
import { TestApi } from "../api/support/api.ts";
import { makeFailure, putRecord } from "../api/support/seed.ts";

/** A connection with records, whose first import has not been begun by a worker. */
async function connected(records = 20): Promise<{ api: TestApi; id: string }> {
  const api = new TestApi();
  const id = await api.connect({ account: "acct-1" });
  for (let number = 0; number < records; number++) await putRecord(api.ports, id, `order-${number}`);
  return { api, id };
}

async function holdRun(api: TestApi): Promise<void> {
  for (const run of api.ports.runs.all()) {
    const lease = { owner: "worker-1", expiresAtMs: api.ports.clock.nowMs() + leaseMs };
    await api.ports.runs.compareAndSet({ ...run, lease, revision: run.revision + 1 });
  }
}

describe("deleting a connection", () => {
  test("takes its records, its credential and its schedule with it", async () => {
    const { api, id } = await connected();
    const other = await api.connect();
    await putRecord(api.ports, other, "order-1");
    const answer = await api.call("DELETE", `/connections/${id}`);
    expect([answer.status, answer.data]).toEqual([200, { connectionId: id, removed: true, remaining: null }]);
    expect((await api.call("GET", `/connections/${id}`)).status).toBe(404);
    expect((await api.call("DELETE", `/connections/${id}`)).status).toBe(404);
    const { ports } = api;
    expect(ports.records.all().map((record) => record.connectionId)).toEqual([other]);
    expect(await ports.credentials.read({ partner: "acme", connectionId: id })).toBeNull();
    expect(ports.connections.resources().map((state) => state.connectionId)).toEqual([other]);
    expect(await api.page("/connections")).toMatchObject({ items: [{ id: other }], total: 1 });
  });

  test("frees its account for another", async () => {
    const { api, id } = await connected();
    await api.call("DELETE", `/connections/${id}`);
    expect(await api.connect({ account: "acct-1" })).not.toBe(id);
  });

  test("ends its runs, so that nobody gives them up as failures", async () => {
    const { api, id } = await connected();
    await api.call("DELETE", `/connections/${id}`);
    expect(api.ports.runs.all().map((run) => run.status.kind)).toEqual(["failed"]);
    expect(api.ports.lanes.givenUp).toEqual([]);
  });

  test("waits for a worker that is in the middle of a page, and stops it", async () => {
    const { api, id } = await connected();
    await holdRun(api);
    const [held] = api.ports.runs.all();
    const first = await api.call("DELETE", `/connections/${id}`);
    expect([first.status, first.headers["retry-after"]]).toEqual([202, "75"]);
    expect(first.data).toMatchObject({ removed: false, remaining: { why: "run-in-progress", resources: ["orders"] } });
    // The worker's next step is refused, so it can write that one page and no more.
    if (held === undefined) throw new Error("no run");
    expect(await api.ports.runs.compareAndSet({ ...held, revision: held.revision + 1 })).toBe("superseded");
    await putRecord(api.ports, id, "the page in hand");

    api.ports.clock.advance(leaseMs - 1);
    const second = await api.call("DELETE", `/connections/${id}`);
    expect([second.status, second.headers["retry-after"]]).toEqual([202, "1"]);
    expect((await api.call("GET", `/connections/${id}`)).data).toMatchObject({ status: "paused" });

    api.ports.clock.advance(1);
    expect((await api.call("DELETE", `/connections/${id}`)).status).toBe(200);
    expect(api.ports.records.all()).toEqual([]);
  });

  test("of more records than one call can delete says what is left, and goes on", async () => {
    const { api, id } = await connected(3);
    const { eraser } = api.ports;
    const { clear } = eraser;
    eraser.clear = async (kind, of) => {
      api.ports.clock.advance(6_000);
      return clear.call(eraser, kind, of);
    };
    const answers = [];
    for (let call = 0; call < 2; call++) answers.push(await api.call("DELETE", `/connections/${id}`));
    expect(answers.map((answer) => answer.status)).toEqual([200, 404]);
    eraser.clear = async (kind, of) => {
      const cleared = await clear.call(eraser, kind, of);
      // Finding that nothing is there takes no time.
      if ((cleared.removed[kind] ?? 0) > 0) api.ports.clock.advance(16_000);
      return cleared;
    };
    const again = await api.connect({ account: "acct-1" });
    for (let number = 0; number < 8; number++) await putRecord(api.ports, again, `order-${number}`);
    const first = await api.call("DELETE", `/connections/${again}`);
    expect([first.status, first.headers["retry-after"]]).toEqual([202, "1"]);
    expect(first.data).toMatchObject({ removed: false, remaining: { why: "records-left", resources: ["orders"] } });
    expect(api.ports.records.all()).toHaveLength(5);
    expect((await api.call("GET", `/connections/${again}`)).status).toBe(200);
    expect((await api.call("DELETE", `/connections/${again}`)).status).toBe(202);
    // The last of its records take the whole of a call: what lies in the bucket is the next one's.
    expect((await api.call("DELETE", `/connections/${again}`)).status).toBe(202);
    expect((await api.call("DELETE", `/connections/${again}`)).status).toBe(200);
  });

  test("clears what lies in the bucket before it is gone, and comes to its end within a call's time", async () => {
    const { api, id } = await connected(0);
    const { eraser, claims, clock, parked } = api.ports;
    for (let number = 0; number < 20; number++)
      await claims.put({ partner: "acme", connectionId: id }, Buffer.from(`a large webhook, ${number}`));
    const { clear } = eraser;
    eraser.clear = async (kind, of) => {
      const cleared = await clear.call(eraser, kind, of);
      clock.advance(cleared.removed.objects === undefined ? 0 : 4_000);
      return cleared;
    };
    const woken: string[] = [];
    parked.wake = async (_partner, connectionId) => void woken.push(connectionId);
    const tookMs: number[] = [];
    for (let call = 0; call < 5; call++) {
      const beganMs = clock.nowMs();
      const answer = await api.call("DELETE", `/connections/${id}`);
      tookMs.push(clock.nowMs() - beganMs);
      if (answer.status === 200) break;
      expect(answer.data).toMatchObject({ remaining: { why: "records-left" } });
      expect((await api.call("GET", `/connections/${id}`)).status).toBe(200);
    }
    expect(tookMs).toHaveLength(2);
    expect(Math.max(...tookMs)).toBeLessThan(29_000);
    expect([claims.bodies.size, woken]).toEqual([0, [id]]);
    expect(api.ports.audit.entries.at(-1)).toMatchObject({ action: "connection.removed", subject: id });
  });

  test("with more open failures than one call closes stays until all are closed, so that each has its end", async () => {
    const { api, id } = await connected(0);
    const { failures } = api.ports;
    for (let number = 0; number < 620; number++)
      await failures.record(makeFailure(`failure-${number}`, { connectionId: id }));
    const first = await api.call("DELETE", `/connections/${id}`);
    expect(first.status).toBe(202);
    expect(first.data).toMatchObject({ removed: false, remaining: { why: "records-left" } });
    expect((await api.call("DELETE", `/connections/${id}`)).status).toBe(200);
    expect(new Set(failures.all().map((failure) => failure.status))).toEqual(new Set(["discarded"]));
  });

  test("takes the records of a resource that its driver has lost", async () => {
    const { api, id } = await connected(0);
    const state = await api.ports.connections.readResource("acme", id, "orders");
    if (state === null) throw new Error("no state");
    await api.ports.connections.createResource({ ...state, resource: "former", activeRunId: null });
    await putRecord(api.ports, id, "order-1");
    const { eraser } = api.ports;
    const cleared = new Set<string>();
    const { clear } = eraser;
    eraser.clear = async (kind, of) => {
      if (kind === "records") for (const resource of of.resources) cleared.add(resource);
      return clear.call(eraser, kind, of);
    };
    await api.call("DELETE", `/connections/${id}`);
    expect([...cleared].toSorted()).toEqual(["former", "orders"]);
  });

  test("discards what waits to be replayed, and only its own", async () => {
    const { api, id } = await connected();
    const { failures } = api.ports;
    const other = await api.connect();
    for (let number = 0; number < 250; number++)
      await failures.record(makeFailure(`failure-${number}`, { connectionId: id }));
    const replaying = makeFailure("failure-0", { connectionId: id });
    await failures.move(replaying, ["open"], "replaying", startMs);
    const resolved = makeFailure("failure-1", { connectionId: id });
    await failures.move(resolved, ["open"], "resolved", startMs);
    await failures.record(makeFailure("failure-0", { connectionId: other }));
    expect((await api.call("DELETE", `/connections/${id}`)).status).toBe(200);
    const statuses = failures
      .all()
      .map((failure) => `${failure.connectionId === id ? "its own" : "other"} ${failure.status}`);
    expect(new Set(statuses)).toEqual(new Set(["its own discarded", "its own resolved", "other open"]));
    expect(statuses.filter((status) => status === "its own discarded")).toHaveLength(249);
  });

  test("takes the histories of its records along, and leaves a mark that says whose it was and nothing of its secrets", async () => {
    const { api, id } = await connected(2);
    const record = await api.ports.records.read({ partner: "acme", connectionId: id, resource: "orders" }, "order-0");
    if (record === null) throw new Error("no record");
    await api.ports.history.append({ ...historyOf(null, record), externalId: "order-0" });
    expect((await api.call("DELETE", `/connections/${id}`)).status).toBe(200);
    expect([api.ports.records.all(), api.ports.history.entries]).toEqual([[], []]);
    expect(await api.ports.eraser.read("acme", id)).toMatchObject({ stage: "removed", tenantId: "tenant-1" });
    expect(await api.ports.connections.isGone("acme", { connectionId: id })).toBe(true);
  });

  test("takes what a worker wrote at the last moment, and what lay in the bucket", async () => {
    const { api, id } = await connected(2);
    const { eraser, claims } = api.ports;
    await claims.put({ partner: "acme", connectionId: id }, Buffer.from("a large webhook"));
    await claims.put({ partner: "acme", connectionId: null }, Buffer.from("nobody's"));
    const { mark } = eraser;
    eraser.mark = async (erasure) => {
      await putRecord(api.ports, id, "order-late");
      return mark.call(eraser, erasure);
    };
    expect((await api.call("DELETE", `/connections/${id}`)).status).toBe(200);
    expect([api.ports.records.all(), claims.bodies.size]).toEqual([[], 1]);
  });

  test("is audited before and after", async () => {
    const { api, id } = await connected();
    await api.call("DELETE", `/connections/${id}`);
    expect(api.ports.audit.entries.slice(1)).toMatchObject([
      {
        action: "connection.remove",
        subject: id,
        actor: "first (the first key)",
        atMs: startMs,
        detail: { tenant: fingerprintOf(["tenant-1"]) },
      },
      { action: "connection.removed", subject: id },
    ]);
  });
});
