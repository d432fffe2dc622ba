import { describe, expect, test } from "vitest";
import * as z from "zod";
import { atRest, changed, isAtRest } from "../../../lib/engine/control.ts";
import type { Control } from "../../../lib/engine/control.ts";
import { startMs } from "../../support/memory-ports.ts";
import { webhookJob } from "../../support/port-values.ts";
import { errorsOf, TestApi } from "./support/api.ts";

const at = new Date(startMs).toISOString();
const said = { reason: "maintenance at Acme", by: "maria" };
const Held = z.array(z.looseObject({ what: z.string(), why: z.string(), toDo: z.string() }));

async function heldOf(api: TestApi): Promise<readonly string[]> {
  const { data } = await api.call("GET", "/partners/acme/drain");
  return Held.parse(data.held).map(({ what }) => what);
}

const controlOf = async (api: TestApi): Promise<Control> => api.ports.control.read("acme", null);

describe("POST /partners/{partner}/pause", () => {
  test("keeps who, when and why, shows it, and is in the audit log", async () => {
    const api = new TestApi();
    const answer = await api.call("POST", "/partners/acme/pause", { body: said });
    expect(answer.status).toBe(200);
    expect((await controlOf(api)).pause).toEqual({ sinceMs: startMs, ...said });
    expect(answer.data).toMatchObject({
      partner: "acme",
      held: [{ scope: "partner", what: "paused", since: at, ...said, nextProbeAt: null }],
    });
    const [held] = Held.parse(answer.data.held);
    expect(held?.why).toMatch(/maria.*maintenance at Acme/);
    expect(held?.toDo).toContain("sluice resume --partner acme");
    expect(api.ports.audit.entries).toMatchObject([{ action: "partner.pause", subject: "acme", detail: said }]);
    expect(isAtRest(await api.ports.control.read("beta", null))).toBe(true);
  });

  test("asked twice, the first wish stands", async () => {
    const api = new TestApi();
    await api.call("POST", "/partners/acme/pause", { body: said });
    api.ports.clock.advance(60_000);
    await api.call("POST", "/partners/acme/pause", { body: { reason: "another" } });
    expect((await controlOf(api)).pause).toEqual({ sinceMs: startMs, ...said });
  });

  test("names the key when nobody is named, and takes no pause without a reason", async () => {
    const api = new TestApi();
    const bodies = [{}, { reason: "  " }, { reason: "x".repeat(301) }];
    for (const body of bodies) expect((await api.call("POST", "/partners/acme/pause", { body })).status).toBe(400);
    expect(errorsOf(await api.call("POST", "/partners/nobody/pause", { body: said }))).toEqual(["not-found"]);
    expect(isAtRest(await controlOf(api))).toBe(true);
    await api.call("POST", "/partners/acme/pause", { body: { reason: "maintenance" } });
    expect((await controlOf(api)).pause?.by).toBe("first (the first key)");
  });
});

describe("POST /partners/{partner}/drain", () => {
  test("stops the schedules, pauses nothing, and tells what is left until it is empty", async () => {
    const api = new TestApi();
    const id = await api.connect();
    const drained = await api.call("POST", "/partners/acme/drain", { body: said });
    expect(await controlOf(api)).toMatchObject({ pause: null, schedules: { sinceMs: startMs, ...said } });
    expect(drained.data).toMatchObject({
      held: [{ what: "draining" }],
      lanes: { webhooks: { waiting: 0 }, imports: { waiting: 1, inFlight: 0, delayed: 0 } },
      parked: 0,
      activeRuns: 1,
      empty: false,
    });
    // The lane is worked; its run is still under way.
    api.ports.lanes.take("imports", startMs);
    expect((await api.call("GET", "/partners/acme/drain")).data).toMatchObject({ activeRuns: 1, empty: false });
    for (const run of api.ports.runs.all())
      await api.ports.runs.compareAndSet({ ...run, status: { kind: "done", atMs: 1 }, revision: run.revision + 1 });
    expect((await api.call("GET", "/partners/acme/drain")).data).toMatchObject({ activeRuns: 0, empty: true });
    await api.ports.lanes.send(webhookJob({ partner: "acme", connectionId: id }), 60_000);
    expect((await api.call("GET", "/partners/acme/drain")).data).toMatchObject({
      lanes: { webhooks: { delayed: 1 } },
      empty: false,
    });
  });

  test("counts parked jobs, which no drain waits for", async () => {
    const api = new TestApi();
    const job = webhookJob({ partner: "acme", connectionId: "acme_1" });
    await api.ports.parked.park(job, { connectionId: "acme_1", reason: "connection-breaker", untilMs: startMs });
    expect((await api.call("GET", "/partners/acme/drain")).data).toMatchObject({ parked: 1, empty: true });
    expect((await api.call("GET", "/partners/beta/drain")).data).toMatchObject({ parked: 0 });
  });

  test("shows the last canary of each lane", async () => {
    const api = new TestApi();
    const canary = { lane: "webhooks", sentAtMs: startMs - 2_000, consumedAtMs: startMs } as const;
    await api.ports.control.compareAndSet(changed(atRest("acme", null), { canaries: [canary] }));
    expect((await api.call("GET", "/partners/acme/drain")).data).toMatchObject({
      canaries: { webhooks: { sentAt: new Date(startMs - 2_000).toISOString(), consumedAt: at }, imports: null },
    });
  });
});

describe("POST /partners/{partner}/resume", () => {
  test("ends a pause and a drain", async () => {
    const api = new TestApi();
    await api.call("POST", "/partners/acme/pause", { body: said });
    await api.call("POST", "/partners/acme/drain", { body: said });
    expect(await heldOf(api)).toEqual(["paused", "draining"]);
    expect((await api.call("POST", "/partners/acme/resume")).data).toMatchObject({ held: [] });
    expect(isAtRest(await controlOf(api))).toBe(true);
  });

  test("of the schedules alone leaves a pause as it is", async () => {
    const api = new TestApi();
    await api.call("POST", "/partners/acme/pause", { body: said });
    await api.call("POST", "/partners/acme/drain", { body: said });
    await api.call("POST", "/partners/acme/resume", { body: { what: "schedules" } });
    expect(await heldOf(api)).toEqual(["paused"]);
  });

  test("closes no breaker, and says that it is open and when the next probe is", async () => {
    const api = new TestApi();
    const breaker = { kind: "open", opened: 2, sinceMs: startMs, untilMs: startMs + 30_000 } as const;
    await api.ports.control.compareAndSet(changed(atRest("acme", null), { breaker }));
    const { data } = await api.call("POST", "/partners/acme/resume");
    const nextProbeAt = new Date(startMs + 30_000).toISOString();
    expect(data.held).toMatchObject([{ what: "breaker", since: at, by: null, nextProbeAt }]);
    expect((await controlOf(api)).breaker).toEqual(breaker);
  });

  test("does nothing and stores nothing where nothing is held", async () => {
    const api = new TestApi();
    expect((await api.call("POST", "/partners/acme/resume")).status).toBe(200);
    expect(api.ports.control.writes).toBe(0);
  });

  test("is refused when others change the same each time", async () => {
    const api = new TestApi();
    await api.call("POST", "/partners/acme/pause", { body: said });
    api.ports.control.compareAndSet = async () => "superseded";
    const answer = await api.call("POST", "/partners/acme/resume");
    expect([answer.status, errorsOf(answer)]).toEqual([409, ["changed-meanwhile"]]);
  });
});
