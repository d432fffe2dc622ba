import { describe, expect, test } from "vitest";
import * as z from "zod";
import { startMs } from "../../support/memory-ports.ts";
import { errorsOf, TestApi } from "./support/api.ts";
import { makeRun, putRecord } from "./support/seed.ts";

const startIso = new Date(startMs).toISOString();

test("health needs no key and tells nothing of what is here", async () => {
  const answer = await new TestApi().call("GET", "/health", { key: null });
  expect([answer.status, answer.data]).toEqual([200, { service: "sluice", apiVersion: 1, time: startIso }]);
});

describe("partners", () => {
  test("are what their drivers say", async () => {
    const api = new TestApi();
    expect((await api.call("GET", "/partners/acme")).data).toEqual({
      name: "acme",
      title: "Acme",
      docs: "https://docs.acme.example",
      credentialFields: ["apiKey"],
      limits: [{ per: "account", kind: "slidingWindow", requests: 50, perMs: 1_000, share: null }],
      webhook: { path: "/webhooks/acme", connectionPath: "/webhooks/acme/{connectionId}" },
      resources: [
        {
          name: "orders",
          model: { name: "order", version: 1 },
          everyMs: 300_000,
          fullEveryMs: 86_400_000,
          increment: "feed",
          strategy: "events",
          // The matcher stands for the text that it matches.
          why: expect.stringMatching(/^A feed of events .* is the driver's own word\.$/) as string,
        },
      ],
    });
    expect((await api.call("GET", "/partners/beta")).data).toMatchObject({
      credentialFields: ["token", "region"],
      limits: [{ share: 0.5 }],
      webhook: null,
      resources: [
        { name: "invoices", increment: null },
        { name: "refunds", increment: "feed" },
      ],
    });
    expect(await api.page("/partners")).toMatchObject({ items: [{ name: "acme" }, { name: "beta" }], total: 2 });
  });
});

describe("records", () => {
  test("are shown with where they come from", async () => {
    const api = new TestApi();
    const id = await api.connect();
    api.ports.clock.advance(1_000);
    await putRecord(api.ports, id, "order-1", { data: { amount: "7", extra: { note: "as the partner said" } } });
    const shown = {
      externalId: "order-1",
      model: "order",
      version: 1,
      deleted: false,
      data: { amount: "7", extra: { note: "as the partner said" } },
      fetchedAt: startIso,
      writtenAt: new Date(startMs + 1_000).toISOString(),
      source: { kind: "run", id: "orders-1" },
      freshness: "api",
      ageMs: 1_000,
    };
    expect((await api.call("GET", `/connections/${id}/records/orders/order-1`)).data).toEqual(shown);
    const page = await api.page(`/connections/${id}/records/orders`);
    expect(page.items).toEqual([shown]);
    expect(page["asOf"]).toBe(new Date(startMs - 9_000).toISOString());
  });

  test("are filtered by when we wrote them and by whether they are deleted, page by page, uncounted", async () => {
    const api = new TestApi();
    const id = await api.connect();
    for (const number of [1, 2, 3]) await putRecord(api.ports, id, `order-${number}`);
    api.ports.clock.advance(60_000);
    const since = new Date(startMs + 60_000).toISOString();
    const fetchedAtMs = startMs + 60_000;
    await putRecord(api.ports, id, "order-2", { deleted: true, fetchedAtMs });
    await putRecord(api.ports, id, "order-4", { fetchedAtMs });
    const ids = async (query: Readonly<Record<string, string>>) => {
      const found: unknown[] = [];
      let cursor: string | null = null;
      do {
        const answer = await api.call("GET", `/connections/${id}/records/orders`, {
          query: { ...query, limit: "1", ...(cursor !== null && { cursor }) },
        });
        expect(answer.data.total).toBe(Object.keys(query).length === 0 ? 4 : null);
        const items = z.array(z.looseObject({ externalId: z.string() })).parse(answer.data.items);
        found.push(...items.map((item) => item.externalId));
        cursor = z.string().nullable().parse(answer.data.next);
      } while (cursor !== null);
      return found;
    };
    expect(await ids({})).toEqual(["order-1", "order-2", "order-3", "order-4"]);
    expect(await ids({ updatedSince: since })).toEqual(["order-2", "order-4"]);
    expect(await ids({ updatedSince: since, deleted: "exclude" })).toEqual(["order-4"]);
    expect(await ids({ deleted: "only" })).toEqual(["order-2"]);
    expect(await ids({ deleted: "exclude" })).toEqual(["order-1", "order-3", "order-4"]);
    for (const query of [{ updatedSince: "yesterday" }, { deleted: "yes" }]) {
      const refused = await api.call("GET", `/connections/${id}/records/orders`, { query });
      expect([refused.status, errorsOf(refused)]).toEqual([400, [`invalid-field ${Object.keys(query)[0]}`]]);
    }
  });

  test("say how far they can be relied on: just fetched, known to the last import, or not for too long", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await putRecord(api.ports, id, "order-1");
    const shown = async () => {
      const { freshness, ageMs } = (await api.call("GET", `/connections/${id}/records/orders/order-1`)).data;
      return [freshness, ageMs];
    };
    expect(await shown()).toEqual(["api", 0]);
    api.ports.clock.advance(300_000);
    expect(await shown()).toEqual(["cache", 300_000]);
    const state = await api.ports.connections.readResource("acme", id, "orders");
    if (state === null) throw new Error("no state");
    const imported = { ...state, watermarkMs: startMs + 240_000, revision: state.revision + 1 };
    await api.ports.connections.compareAndSetResource(imported);
    expect(await shown()).toEqual(["cache", 60_000]);
    const lastError = { atMs: startMs + 299_000, code: "http-500", kind: "transient" };
    await api.ports.connections.compareAndSetResource({ ...imported, lastError, revision: imported.revision + 1 });
    expect(await shown()).toEqual(["stale", 60_000]);
    await api.ports.connections.compareAndSetResource({ ...imported, revision: imported.revision + 2 });
    api.ports.clock.advance(2 * 300_000 + 15 * 60_000 - 60_000);
    expect(await shown()).toEqual(["cache", 1_500_000]);
    api.ports.clock.advance(1);
    expect(await shown()).toEqual(["stale", 1_500_001]);
  });

  test("are fetched again by a worker where the caller wants them fresh, once a minute, and never by the API", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await putRecord(api.ports, id, "order-1");
    const ask = async (path = "order-1") =>
      (await api.call("GET", `/connections/${id}/records/orders/${path}`, { query: { fresh: "true" } })).data.refresh;
    const refreshes = () => api.ports.lanes.sent.filter(({ job }) => job.work.kind === "refresh");
    expect(await ask()).toBe("not-needed");
    api.ports.clock.advance(90_000);
    expect([await ask(), await ask()]).toEqual(["requested", "requested"]);
    expect(refreshes()).toMatchObject([
      { job: { connectionId: id, work: { resource: "orders", externalId: "order-1" } } },
    ]);
    api.ports.clock.advance(60_000);
    expect([await ask(), refreshes().length]).toEqual(["requested", 2]);
    await api.call("POST", `/connections/${id}/pause`);
    expect([await ask(), refreshes().length]).toEqual(["not-possible", 2]);
    expect(api.ports.transport.requests).toEqual([]);
  });

  test("that were deleted say so", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await putRecord(api.ports, id, "order-1", { deleted: true });
    expect((await api.call("GET", `/connections/${id}/records/orders/order-1`)).data).toMatchObject({ deleted: true });
  });

  test.each(["a/b", "a/b/", "/", "a b", "ä€", "__proto__", "..", "a?b#c", "100%", "%41", "records"])(
    "are found by an id such as %s, and by that id alone",
    async (externalId) => {
      const api = new TestApi();
      const id = await api.connect();
      await putRecord(api.ports, id, externalId);
      const path = `/connections/${id}/records/orders`;
      const answer = await api.call("GET", `${path}/${externalId}`);
      if (externalId === "/") expect(answer.status).toBe(404);
      else expect(answer.data).toMatchObject({ externalId });
      expect((await api.call("GET", `${path}/${externalId}x`)).status).toBe(404);
    },
  );

  test("of a resource or an id that is not there are not found", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await putRecord(api.ports, id, "order-1");
    const paths = [
      "orders/order-2",
      "invoices",
      "invoices/order-1",
      "__proto__",
      "constructor/name",
      `orders/${"x".repeat(1_025)}`,
    ];
    for (const path of paths) {
      const answer = await api.call("GET", `/connections/${id}/records/${path}`);
      expect([path, answer.status, errorsOf(answer)]).toEqual([path, 404, ["not-found"]]);
    }
  });

  test("of one connection are not seen from another", async () => {
    const api = new TestApi();
    const mine = await api.connect();
    const other = await api.connect({ tenantId: "tenant-2" });
    const beta = await api.connect({ partner: "beta", credential: { token: "beta-1", region: "eu" } });
    await putRecord(api.ports, mine, "order-1");
    expect((await api.call("GET", `/connections/${other}/records/orders/order-1`)).status).toBe(404);
    expect(await api.page(`/connections/${other}/records/orders`)).toMatchObject({ items: [], total: 0 });
    expect((await api.call("GET", `/connections/${beta}/records/orders/order-1`)).status).toBe(404);
    // The right id under another partner's name is another id.
    expect((await api.call("GET", `/connections/${mine.replace("acme", "beta")}/records/invoices`)).status).toBe(404);
  });
});

describe("runs", () => {
  test("are shown with their progress, and without their leases", async () => {
    const api = new TestApi();
    const id = await api.connect();
    const run = makeRun(id, {
      lease: { owner: "worker-1", expiresAtMs: startMs },
      status: { kind: "active", waiting: "limit" },
      checkpoint: { position: { kind: "end" }, sinceMs: startMs, beganMs: startMs },
    });
    await api.ports.runs.create(run);
    const answer = await api.call("GET", `/connections/${id}/runs/orders-1`);
    expect(answer.data).toEqual({
      runId: "orders-1",
      resource: "orders",
      mode: "full",
      trigger: "schedule",
      status: "active",
      waiting: "limit",
      endedAt: null,
      failure: null,
      progress: run.progress,
      attempts: 0,
      since: startIso,
      notBefore: startIso,
      startedAt: startIso,
      updatedAt: startIso,
      trace: "trace-1",
    });
  });

  test("that ended say when, and of what", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await api.ports.runs.create(makeRun(id, { status: { kind: "done", atMs: startMs } }));
    const status = { kind: "failed", atMs: startMs, failureId: "run-orders-2", code: "http-401" } as const;
    await api.ports.runs.create(makeRun(id, { runId: "orders-2", status }));
    expect((await api.call("GET", `/connections/${id}/runs/orders-1`)).data).toMatchObject({
      status: "done",
      endedAt: startIso,
      failure: null,
    });
    expect((await api.call("GET", `/connections/${id}/runs/orders-2`)).data).toMatchObject({
      status: "failed",
      endedAt: startIso,
      failure: { failureId: "run-orders-2", code: "http-401" },
    });
  });

  test("of one connection are not seen from another", async () => {
    const api = new TestApi();
    const mine = await api.connect();
    const other = await api.connect();
    await api.ports.runs.create(makeRun(mine));
    expect((await api.call("GET", `/connections/${other}/runs/orders-1`)).status).toBe(404);
    expect((await api.page(`/connections/${other}/runs`)).items.map((run) => run.runId)).not.toContain("orders-1");
  });
});
