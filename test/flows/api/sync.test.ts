import { describe, expect, test } from "vitest";
import { errorsOf, TestApi } from "./support/api.ts";

const betaConnection = { partner: "beta", credential: { token: "beta-1", region: "eu" } };

/** A connection whose first imports have ended, so that others can be started. */
async function idle(): Promise<{ api: TestApi; id: string }> {
  const api = new TestApi();
  const id = await api.connect(betaConnection);
  for (const run of api.ports.runs.all()) {
    const status = { kind: "done", atMs: api.ports.clock.nowMs() } as const;
    await api.ports.runs.compareAndSet({ ...run, status, revision: run.revision + 1 });
  }
  api.ports.lanes.sent.length = 0;
  return { api, id };
}

describe("synchronising", () => {
  test("starts a run of every resource and answers with them", async () => {
    const { api, id } = await idle();
    const answer = await api.call("POST", `/connections/${id}/sync`);
    expect(answer.status).toBe(202);
    expect(answer.data).toMatchObject({
      connectionId: id,
      runs: [
        { resource: "invoices", result: "started", mode: "full", reason: null },
        { resource: "refunds", result: "started", mode: "full", reason: null },
      ],
    });
    const nudged = api.ports.lanes.sent.map(({ job }) => (job.work.kind === "push" ? job.work.runId : null));
    expect(answer.data.runs).toMatchObject(nudged.map((runId) => ({ runId })));
    for (const runId of nudged) {
      expect((await api.call("GET", `/connections/${id}/runs/${runId}`)).data).toMatchObject({ trigger: "manual" });
    }
    expect(api.ports.audit.entries.at(-1)).toMatchObject({
      action: "connection.sync",
      subject: id,
      detail: { resources: "invoices,refunds" },
    });
  });

  test("starts the one that is asked for", async () => {
    const { api, id } = await idle();
    const answer = await api.call("POST", `/connections/${id}/sync`, { body: { resource: "refunds", mode: "full" } });
    expect(answer.data.runs).toMatchObject([{ resource: "refunds", result: "started" }]);
    expect(api.ports.lanes.sent).toHaveLength(1);
  });

  test("what is running already is named, not started twice", async () => {
    const { api, id } = await idle();
    const first = await api.call("POST", `/connections/${id}/sync`, { body: { resource: "refunds" } });
    const second = await api.call("POST", `/connections/${id}/sync`, { body: { resource: "refunds" } });
    expect(second.data.runs).toMatchObject([{ result: "already-running" }]);
    const runIdOf = (runs: unknown) => (Array.isArray(runs) ? String(Reflect.get(Object(runs[0]), "runId")) : null);
    expect(runIdOf(second.data.runs)).toBe(runIdOf(first.data.runs));
  });

  test("gives a resource that the driver has gained its first state", async () => {
    const { api, id } = await idle();
    const { readResource } = api.ports.connections;
    let known = false;
    api.ports.connections.readResource = async (...of) => {
      if (!known && of[2] === "refunds") {
        known = true;
        return null;
      }
      return readResource.apply(api.ports.connections, of);
    };
    const answer = await api.call("POST", `/connections/${id}/sync`, { body: { resource: "refunds" } });
    expect(answer.data.runs).toMatchObject([{ resource: "refunds", result: "started" }]);
  });

  test.each([
    [{ resource: "orders" }, ["invalid-field resource"]],
    [{ resource: "__proto__" }, ["invalid-field resource"]],
    [{ mode: "quick" }, ["invalid-field mode"]],
  ])("refuses %j", async (body, errors) => {
    const { api, id } = await idle();
    const answer = await api.call("POST", `/connections/${id}/sync`, { body });
    expect([answer.status, errorsOf(answer)]).toEqual([400, errors]);
    expect(api.ports.lanes.sent).toEqual([]);
  });

  test("refuses a connection that is paused", async () => {
    const { api, id } = await idle();
    await api.call("PATCH", `/connections/${id}`, { body: { status: "paused" } });
    const answer = await api.call("POST", `/connections/${id}/sync`);
    expect([answer.status, errorsOf(answer)]).toEqual([409, ["connection-paused"]]);
    expect(api.ports.lanes.sent).toEqual([]);
  });

  test("says 503 when the queue is away, and the same key then finds the same run", async () => {
    const { api, id } = await idle();
    const call = () =>
      api.call("POST", `/connections/${id}/sync`, {
        body: { resource: "refunds" },
        headers: { "idempotency-key": "key-1" },
      });
    api.ports.lanes.breakWith(new Error("the queue is away"));
    const answer = await call();
    expect([answer.status, errorsOf(answer)]).toEqual([503, ["unavailable"]]);
    expect(answer.body).not.toContain("away");
    api.ports.lanes.breakWith(null);
    expect((await call()).status).toBe(202);
    expect(api.ports.runs.all().filter((run) => run.trigger === "manual")).toHaveLength(1);
    expect(api.ports.lanes.sent).toHaveLength(1);
  });
});
