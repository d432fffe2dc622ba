import { describe, expect, test } from "vitest";
import * as z from "zod";
import type { ResourceState } from "../../../lib/engine/ports.ts";
import { fanOut } from "../../../lib/flows/fan-out.ts";
import { startMs } from "../../support/memory-ports.ts";
import { acme } from "../support/acme.ts";
import { beta } from "./support/beta.ts";
import { errorsOf, TestApi } from "./support/api.ts";

const hourMs = 3_600_000;
const reason = "their outage";
const ofBeta = { partner: "beta", credential: { token: "beta-1", region: "eu" } };

async function stateOf(api: TestApi, connectionId: string, resource: string): Promise<ResourceState> {
  const partner = connectionId.split("_")[0] ?? "";
  const state = await api.ports.connections.readResource(partner, connectionId, resource);
  if (state === null) throw new Error(`no state of ${resource}`);
  return state;
}

/** As it is when all was imported, the next import an hour away; then a moment passes: runs are named by when they were due. */
async function settle(api: TestApi, connectionId: string, resource: string): Promise<void> {
  const state = await stateOf(api, connectionId, resource);
  const known = { activeRunId: null, watermarkMs: startMs - hourMs, fullPassAtMs: startMs - hourMs };
  const nextDueMs = startMs + hourMs;
  await api.ports.connections.compareAndSetResource({ ...state, ...known, nextDueMs, revision: state.revision + 1 });
  api.ports.clock.advance(1);
}

const recover = (api: TestApi, partner: string, body: Readonly<Record<string, unknown>>) =>
  api.call("POST", `/partners/${partner}/recover`, { body: { reason, ...body } });

describe("purge-and-refresh", () => {
  test("marks what is older as purged and makes every import due, which then asks for what changed since its watermark", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await settle(api, id, "orders");
    const answer = await recover(api, "acme", { how: "purge-and-refresh", by: "maria" });
    expect([answer.status, answer.data]).toMatchObject([200, { connections: 1, changed: 1, next: null }]);
    const { staleBefore } = await api.ports.control.read("acme", null);
    expect(staleBefore).toEqual([{ atMs: startMs + 1, resource: null, lane: null }]);
    await fanOut(api.ports, acme);
    const started = api.ports.runs.all().find((run) => run.trigger === "schedule");
    expect(started).toMatchObject({ mode: "incremental", checkpoint: { sinceMs: startMs - hourMs - 60_000 } });
    expect(api.ports.audit.entries.at(-1)).toMatchObject({
      action: "partner.recover",
      subject: "acme",
      detail: { how: "purge-and-refresh", by: "maria", reason, resources: "all", full: "false" },
    });
  });

  test("nudges of the fresh imports are not purged with what was there before", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await settle(api, id, "orders");
    await recover(api, "acme", { how: "purge-and-refresh" });
    await fanOut(api.ports, acme);
    const { staleBefore } = await api.ports.control.read("acme", null);
    const nudges = api.ports.lanes.sent.filter(({ job }) => job.work.kind === "push");
    for (const { job } of nudges.slice(-1)) expect(job.createdAtMs).toBeGreaterThanOrEqual(staleBefore[0]?.atMs ?? 0);
  });

  test("with full passes everything over again", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await settle(api, id, "orders");
    await recover(api, "acme", { how: "purge-and-refresh", full: true });
    await fanOut(api.ports, acme);
    expect(api.ports.runs.all().find((run) => run.trigger === "schedule")).toMatchObject({ mode: "full" });
  });

  test("of one resource leaves the others and other partners", async () => {
    const api = new TestApi();
    const [id, other] = [await api.connect(ofBeta), await api.connect()];
    for (const resource of ["invoices", "refunds"]) await settle(api, id, resource);
    await settle(api, other, "orders");
    const answer = await recover(api, "beta", { how: "purge-and-refresh", resources: ["invoices", "invoices"] });
    expect(answer.data).toMatchObject({ connections: 1, changed: 1 });
    expect((await stateOf(api, id, "invoices")).nextDueMs).toBe(api.ports.clock.nowMs());
    expect((await stateOf(api, id, "refunds")).nextDueMs).toBe(startMs + hourMs);
    expect((await stateOf(api, other, "orders")).nextDueMs).toBe(startMs + hourMs);
    expect((await api.ports.control.read("beta", null)).staleBefore).toMatchObject([{ resource: "invoices" }]);
    expect((await api.ports.control.read("acme", null)).staleBefore).toEqual([]);
    await fanOut(api.ports, beta);
    // It has no increment: everything is asked for.
    expect(api.ports.runs.all().find((run) => run.trigger === "schedule")).toMatchObject({ mode: "full" });
  });

  test("leaves a paused connection off the schedule", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await api.call("POST", `/connections/${id}/pause`);
    expect((await recover(api, "acme", { how: "purge-and-refresh" })).data).toMatchObject({ connections: 0 });
    expect((await stateOf(api, id, "orders")).nextDueMs).toBeNull();
  });

  test("with full has a paused connection pass everything over again when it goes on", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await settle(api, id, "orders");
    await api.call("POST", `/connections/${id}/pause`);
    await recover(api, "acme", { how: "purge-and-refresh", full: true });
    expect(await stateOf(api, id, "orders")).toMatchObject({ nextDueMs: null, fullPassAtMs: null });
    await api.call("POST", `/connections/${id}/resume`);
    await fanOut(api.ports, acme);
    expect(api.ports.runs.all().find((run) => run.trigger === "schedule")).toMatchObject({ mode: "full" });
  });

  test("of many connections goes on by its cursor, and marks only once", async () => {
    const api = new TestApi();
    for (let number = 0; number < 120; number++) await api.connect();
    const first = await recover(api, "acme", { how: "purge-and-refresh" });
    const Page = z.object({ connections: z.number(), next: z.string().nullable() });
    const pages = [Page.parse(first.data)];
    api.ports.clock.advance(5_000);
    for (let cursor = pages[0]?.next ?? null; cursor !== null; cursor = pages.at(-1)?.next ?? null)
      pages.push(Page.parse((await recover(api, "acme", { how: "purge-and-refresh", cursor })).data));
    expect(pages.map(({ connections }) => connections)).toEqual([50, 50, 20]);
    expect((await api.ports.control.read("acme", null)).staleBefore).toMatchObject([{ atMs: startMs }]);
    expect(api.ports.audit.entries.filter(({ action }) => action === "partner.recover")).toHaveLength(1);
  });
});

describe("pause and drain", () => {
  test("of the partner are its pause and its end", async () => {
    const api = new TestApi();
    const paused = await recover(api, "acme", { how: "pause", by: "maria" });
    expect(paused.data).toMatchObject({ held: [{ what: "paused", by: "maria", reason }] });
    await recover(api, "acme", { how: "purge-and-refresh" });
    const drained = await recover(api, "acme", { how: "drain" });
    expect(drained.data).toMatchObject({ held: [] });
    expect(await api.ports.control.read("acme", null)).toMatchObject({ pause: null, staleBefore: [] });
  });

  test("of a resource take it off the schedule and put it back, and pause nothing else", async () => {
    const api = new TestApi();
    const id = await api.connect(ofBeta);
    for (const resource of ["invoices", "refunds"]) await settle(api, id, resource);
    const paused = await recover(api, "beta", { how: "pause", resources: ["refunds"] });
    expect(paused.data).toMatchObject({ held: [], changed: 1 });
    expect((await stateOf(api, id, "refunds")).nextDueMs).toBeNull();
    expect((await stateOf(api, id, "invoices")).nextDueMs).toBe(startMs + hourMs);
    const drained = await recover(api, "beta", { how: "drain", resources: ["invoices", "refunds"] });
    expect(drained.data).toMatchObject({ changed: 1 });
    expect((await stateOf(api, id, "refunds")).nextDueMs).toBe(api.ports.clock.nowMs());
    expect((await stateOf(api, id, "invoices")).nextDueMs).toBe(startMs + hourMs);
  });

  test("draining a resource lets no paused partner go on", async () => {
    const api = new TestApi();
    await recover(api, "acme", { how: "pause" });
    expect((await recover(api, "acme", { how: "drain", resources: ["orders"] })).data).toMatchObject({
      held: [{ what: "paused" }],
    });
  });
});

test.each([
  [{ how: "forget" }, "invalid-field how"],
  [{ how: "drain", resources: ["nothing"] }, "invalid-field resources"],
  [{ how: "drain", resources: [] }, "invalid-field resources"],
  [{ how: "drain", full: true }, "invalid-field full"],
  [{ how: "drain", cursor: "nonsense" }, "bad-cursor cursor"],
])("takes no %j", async (body, error) => {
  const api = new TestApi();
  const answer = await recover(api, "acme", body);
  expect([answer.status, errorsOf(answer)]).toEqual([400, [error]]);
});
