import { describe, expect, test } from "vitest";
import { comparisonName } from "../../../lib/engine/comparison.ts";
import { runUntilIdle } from "../support/world.ts";
import { TestApi } from "./support/api.ts";
import { putRecord } from "./support/seed.ts";

const jobsOf = (api: TestApi) => api.ports.lanes.sent.flatMap(({ job }) => (job.work.kind === "compare" ? [job] : []));

describe("a comparison", () => {
  test("is handed to a worker, who compares; its results are read here", async () => {
    const api = new TestApi();
    const id = await api.connect();
    for (const each of ["order-1", "order-2"]) await putRecord(api.ports, id, each);
    expect((await api.call("GET", `/connections/${id}/compare`)).data).toMatchObject({
      comparisons: [{ resource: "orders", status: "never" }],
    });
    const asked = await api.call("POST", `/connections/${id}/compare`, { body: { sample: 1 } });
    expect(asked).toMatchObject({ status: 202, data: { comparisons: [{ resource: "orders", status: "running" }] } });
    expect(api.ports.transport.requests).toEqual([]);
    expect(jobsOf(api)).toMatchObject([{ lane: "imports", connectionId: id, work: { resource: "orders" } }]);
    expect(api.ports.audit.entries.map(({ action }) => action)).toContain("connection.compare");
  });

  test("that is asked for twice is one, and a new one where the first was abandoned", async () => {
    const api = new TestApi();
    const id = await api.connect();
    const ask = () => api.call("POST", `/connections/${id}/compare`, { body: {} });
    await ask();
    await ask();
    expect(new Set(jobsOf(api).map((job) => job.id)).size).toBe(1);
    api.ports.clock.advance(11 * 60_000);
    await ask();
    expect(new Set(jobsOf(api).map((job) => job.id)).size).toBe(2);
  });

  test("is of the resources that there are, of active connections, of a bounded sample", async () => {
    const api = new TestApi();
    const id = await api.connect();
    const ask = (body: object) => api.call("POST", `/connections/${id}/compare`, { body });
    expect((await ask({ resource: "nothing" })).status).toBe(404);
    expect((await ask({ sample: 51 })).status).toBe(400);
    await api.call("PATCH", `/connections/${id}`, { body: { status: "paused" } });
    expect((await ask({})).envelope.errors[0]?.code).toBe("connection-paused");
    expect(jobsOf(api)).toEqual([]);
  });

  test("goes with its connection", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await api.call("POST", `/connections/${id}/compare`, { body: {} });
    await api.ports.connections.remove("acme", id);
    expect(await api.ports.connections.readNote("acme", id, comparisonName("orders"))).toBeNull();
    await runUntilIdle(api.ports);
  });
});
