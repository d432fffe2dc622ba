import { describe, expect, test } from "vitest";
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
    };
    expect((await api.call("GET", `/connections/${id}/records/orders/order-1`)).data).toEqual(shown);
    expect((await api.page(`/connections/${id}/records/orders`)).items).toEqual([shown]);
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
