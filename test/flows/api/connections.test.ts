import { fingerprintOf } from "../../../lib/engine/fingerprint.ts";
import { describe, expect, test } from "vitest";
import { checkConnectionId } from "../../../lib/engine/connection-id.ts";
import { unseal } from "../../../lib/engine/seal.ts";
import { startMs } from "../../support/memory-ports.ts";
import { acmeConnection, apiPorts, errorsOf, TestApi } from "./support/api.ts";

const startIso = new Date(startMs).toISOString();

describe("creating a connection", () => {
  test("answers with it, stores its credential and starts its first import", async () => {
    const api = new TestApi();
    const body = { ...acmeConnection, account: "acct-1", settings: { region: "eu" }, webhookSecret: "own-secret" };
    const answer = await api.call("POST", "/connections", { body });
    const id = String(answer.data.id);
    expect(answer.status).toBe(201);
    expect(answer.data).toMatchObject({
      partner: "acme",
      tenantId: "tenant-1",
      name: "Acme of tenant 1",
      account: "acct-1",
      settings: { region: "eu" },
      status: "active",
      hasWebhookSecret: true,
      webhookPath: `/webhooks/acme/${id}`,
      createdAt: startIso,
      updatedAt: startIso,
    });
    expect(answer.data.resources).toMatchObject([
      { resource: "orders", model: "order", lastSuccessAt: null, activeRun: { trigger: "connected", mode: "full" } },
    ]);
    expect(checkConnectionId(id, "acme", "acme-connection-key-value")).toBe(true);
    expect(await api.ports.credentials.read({ partner: "acme", connectionId: id })).toMatchObject({
      fields: { apiKey: "acme-credential-value" },
    });
    const stored = await api.ports.connections.read("acme", id);
    expect(unseal(stored?.sealedWebhookSecret ?? "", "acme-connection-key-value", `acme#${id}`)).toBe("own-secret");
    expect(api.ports.lanes.sent.map(({ job }) => [job.lane, job.connectionId, job.work.kind])).toEqual([
      ["imports", id, "push"],
    ]);
  });

  test("is due at once when its import cannot be started", async () => {
    const api = new TestApi();
    api.ports.lanes.breakWith(new Error("the queue is away"));
    const id = await api.connect({ partner: "beta", credential: { token: "beta-1", region: "eu" } });
    const due = await api.ports.connections.due("beta", api.ports.clock.nowMs(), 10);
    expect(due.map((state) => [state.connectionId, state.resource])).toEqual([
      [id, "invoices"],
      [id, "refunds"],
    ]);
  });

  test("without webhooks gives no webhook path", async () => {
    const api = new TestApi();
    const id = await api.connect({ partner: "beta", credential: { token: "beta-1", region: "eu" } });
    expect((await api.call("GET", `/connections/${id}`)).data.webhookPath).toBeNull();
  });

  test.each([
    [{ partner: undefined }, 400, ["invalid-field partner"]],
    [{ partner: "nobody" }, 404, ["not-found partner"]],
    [{ partner: "__proto__" }, 404, ["not-found partner"]],
    [{ tenantId: "" }, 400, ["invalid-field tenantId"]],
    [{ tenantId: 7 }, 400, ["invalid-field tenantId"]],
    [{ name: "  " }, 400, ["invalid-field name"]],
    [{ name: "x".repeat(201) }, 400, ["invalid-field name"]],
    [{ account: "" }, 400, ["invalid-field account"]],
    [{ settings: { a: 1 } }, 400, ["invalid-field settings.a"]],
    [
      { settings: Object.fromEntries(Array.from({ length: 51 }, (_, index) => [index, "x"])) },
      400,
      ["invalid-field settings"],
    ],
    [{ webhookSecret: "" }, 400, ["invalid-field webhookSecret"]],
    [{ credential: undefined }, 400, ["invalid-field credential"]],
    [{ credential: "text" }, 400, ["invalid-field credential"]],
    [{ credential: {} }, 400, ["invalid-field credential.apiKey"]],
    [{ credential: { apiKey: 7 } }, 400, ["invalid-field credential.apiKey"]],
    [{ credential: { apiKey: "k", more: "x" } }, 400, ["unknown-field credential.more"]],
    [
      { partner: "beta", credential: { token: "beta-1", region: "eu", regoin: "us" } },
      400,
      ["unknown-field credential.regoin"],
    ],
    [{ tenantId: 7, name: 7 }, 400, ["invalid-field tenantId", "invalid-field name"]],
  ])("refuses %j", async (body, status, errors) => {
    const api = new TestApi();
    const answer = await api.call("POST", "/connections", { body: { ...acmeConnection, ...body } });
    expect([answer.status, errorsOf(answer)]).toEqual([status, errors]);
    expect(api.ports.connections.all()).toEqual([]);
    expect(api.ports.audit.entries).toEqual([]);
  });

  test("names __proto__ in a credential as a field it does not know", async () => {
    const body = JSON.stringify(acmeConnection).replace('"apiKey"', '"__proto__":"x","apiKey"');
    const answer = await new TestApi().call("POST", "/connections", { body });
    expect([answer.status, errorsOf(answer)]).toEqual([400, ["unknown-field credential.__proto__"]]);
  });

  test("of an account that is connected names the other and leaves nothing behind", async () => {
    const api = new TestApi();
    const first = await api.connect({ account: "acct-1" });
    const answer = await api.call("POST", "/connections", { body: { ...acmeConnection, account: "acct-1" } });
    expect([answer.status, errorsOf(answer)]).toEqual([409, ["account-taken account"]]);
    expect(answer.body).toContain(first);
    expect(api.ports.connections.all().map((connection) => connection.connectionId)).toEqual([first]);
  });

  test("of a partner whose secret is not there says so", async () => {
    const api = new TestApi();
    api.ports.partnerSecrets.set("acme", null);
    const answer = await api.call("POST", "/connections", { body: acmeConnection });
    expect([answer.status, errorsOf(answer)]).toEqual([503, ["partner-not-ready"]]);
  });

  test("is audited, without the secrets", async () => {
    const api = new TestApi();
    const id = await api.connect({ webhookSecret: "own-secret" });
    expect(api.ports.audit.entries).toMatchObject([
      {
        actor: "first (the first key)",
        action: "connection.create",
        subject: id,
        detail: { tenant: fingerprintOf(["tenant-1"]), requestId: "request-0" },
      },
    ]);
  });
});

describe("listing connections", () => {
  test("is held to one tenant when asked", async () => {
    const api = new TestApi();
    const mine = await api.connect();
    await api.connect({ tenantId: "tenant-2" });
    expect(await api.page("/connections")).toMatchObject({ total: 2 });
    expect(await api.page("/connections", { tenantId: "tenant-1" })).toMatchObject({ items: [{ id: mine }], total: 1 });
    expect(await api.page("/connections", { tenantId: "tenant-3" })).toMatchObject({ items: [], total: 0 });
  });
});

describe("reading a connection", () => {
  test("tells how each resource stands", async () => {
    const api = new TestApi();
    const id = await api.connect();
    const state = await api.ports.connections.readResource("acme", id, "orders");
    if (state === null) throw new Error("no state");
    await api.ports.connections.compareAndSetResource({
      ...state,
      activeRunId: null,
      nextDueMs: startMs + 1_000,
      watermarkMs: startMs + 2_000,
      fullPassAtMs: startMs + 3_000,
      succeededAtMs: startMs + 4_000,
      lastError: { atMs: startMs + 5_000, code: "http-500", kind: "transient" },
      revision: state.revision + 1,
    });
    const at = (afterMs: number) => new Date(startMs + afterMs).toISOString();
    expect((await api.call("GET", `/connections/${id}`)).data.resources).toEqual([
      {
        resource: "orders",
        model: "order",
        nextDueAt: at(1_000),
        watermark: at(2_000),
        lastFullPassAt: at(3_000),
        lastSuccessAt: at(4_000),
        lastError: { at: at(5_000), code: "http-500", kind: "transient" },
        activeRun: null,
      },
    ]);
  });
});

describe("changing a connection", () => {
  test("changes what is given and nothing else", async () => {
    const api = new TestApi();
    const id = await api.connect({ settings: { region: "eu", plan: "a" }, account: "acct-1" });
    api.ports.clock.advance(5_000);
    const answer = await api.call("PATCH", `/connections/${id}`, { body: { name: "New", settings: { plan: "b" } } });
    expect(answer.status).toBe(200);
    expect(answer.data).toMatchObject({
      name: "New",
      settings: { plan: "b" },
      account: "acct-1",
      tenantId: "tenant-1",
      status: "active",
      createdAt: startIso,
      updatedAt: new Date(startMs + 5_000).toISOString(),
    });
    expect((await api.call("GET", `/connections/${id}`)).data).toEqual(answer.data);
  });

  test("paused, nothing is due; active again, everything is due now", async () => {
    const api = new TestApi();
    const id = await api.connect();
    const paused = await api.call("PATCH", `/connections/${id}`, { body: { status: "paused" } });
    expect(paused.data).toMatchObject({ status: "paused", resources: [{ nextDueAt: null }] });
    api.ports.clock.advance(3_600_000);
    const active = await api.call("PATCH", `/connections/${id}`, { body: { status: "active" } });
    const now = new Date(startMs + 3_600_000).toISOString();
    expect(active.data).toMatchObject({ status: "active", resources: [{ nextDueAt: now }] });
  });

  test("renamed, its schedule stays as it was", async () => {
    const api = new TestApi();
    const id = await api.connect();
    const before = await api.ports.connections.readResource("acme", id, "orders");
    await api.call("PATCH", `/connections/${id}`, { body: { name: "New" } });
    expect(await api.ports.connections.readResource("acme", id, "orders")).toEqual(before);
  });

  test("a new credential replaces the old one, whatever refresh is under way", async () => {
    const api = new TestApi();
    const id = await api.connect();
    const owner = { partner: "acme", connectionId: id };
    const used = await api.ports.credentials.read(owner);
    await api.call("PATCH", `/connections/${id}`, { body: { credential: { apiKey: "new-credential-value" } } });
    expect(await api.ports.credentials.read(owner)).toMatchObject({ fields: { apiKey: "new-credential-value" } });
    expect(await api.ports.credentials.replace(owner, used, { apiKey: "refreshed" })).toBe("superseded");
  });

  test("a new credential makes a connection that needs one active and due", async () => {
    const api = new TestApi();
    const id = await api.connect();
    const connection = await api.ports.connections.read("acme", id);
    if (connection === null) throw new Error("no connection");
    await api.ports.connections.compareAndSet({
      ...connection,
      status: "needs-reconnect",
      revision: connection.revision + 1,
    });
    const state = await api.ports.connections.readResource("acme", id, "orders");
    if (state === null) throw new Error("no state");
    await api.ports.connections.compareAndSetResource({ ...state, nextDueMs: null, revision: state.revision + 1 });
    const answer = await api.call("PATCH", `/connections/${id}`, { body: { credential: { apiKey: "new" } } });
    expect(answer.data).toMatchObject({ status: "active", resources: [{ nextDueAt: startIso }] });
  });

  test("a new credential leaves a paused connection paused", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await api.call("PATCH", `/connections/${id}`, { body: { status: "paused" } });
    const answer = await api.call("PATCH", `/connections/${id}`, { body: { credential: { apiKey: "new" } } });
    expect(answer.data).toMatchObject({ status: "paused", resources: [{ nextDueAt: null }] });
  });

  test("its webhook secret can be replaced and taken away", async () => {
    const api = new TestApi();
    const id = await api.connect({ webhookSecret: "first" });
    const sealed = async () => (await api.ports.connections.read("acme", id))?.sealedWebhookSecret ?? null;
    await api.call("PATCH", `/connections/${id}`, { body: { webhookSecret: "second" } });
    expect(unseal((await sealed()) ?? "", "acme-connection-key-value", `acme#${id}`)).toBe("second");
    const answer = await api.call("PATCH", `/connections/${id}`, { body: { webhookSecret: null } });
    expect([answer.data.hasWebhookSecret, await sealed()]).toEqual([false, null]);
  });

  test.each([
    [{}, ["nothing-to-change"]],
    [{ status: "needs-reconnect" }, ["invalid-field status"]],
    [{ tenantId: "tenant-2" }, ["unknown-field tenantId"]],
    [{ account: "acct-2" }, ["unknown-field account"]],
    [{ credential: { apiKey: "", x: "y" } }, ["unknown-field credential.x"]],
    [{ name: null }, ["invalid-field name"]],
  ])("refuses %j", async (body, errors) => {
    const api = new TestApi();
    const id = await api.connect();
    const before = await api.ports.connections.read("acme", id);
    const answer = await api.call("PATCH", `/connections/${id}`, { body });
    expect([answer.status, errorsOf(answer)]).toEqual([400, errors]);
    expect(await api.ports.connections.read("acme", id)).toEqual(before);
  });

  test("is audited by the names of what changed", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await api.call("PATCH", `/connections/${id}`, { body: { status: "paused", credential: { apiKey: "new" } } });
    expect(api.ports.audit.entries.at(-1)).toMatchObject({
      action: "connection.change",
      subject: id,
      detail: { fields: "status,credential", status: "paused" },
    });
  });

  test("two changes at once both hold", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await Promise.all([
      api.call("PATCH", `/connections/${id}`, { body: { name: "New" } }),
      api.call("PATCH", `/connections/${id}`, { body: { settings: { a: "b" } } }),
    ]);
    expect((await api.call("GET", `/connections/${id}`)).data).toMatchObject({ name: "New", settings: { a: "b" } });
  });

  test("that others change each time is a conflict", async () => {
    const api = new TestApi();
    const id = await api.connect();
    api.ports.connections.compareAndSet = () => Promise.resolve("superseded");
    const answer = await api.call("PATCH", `/connections/${id}`, { body: { name: "New" } });
    expect([answer.status, errorsOf(answer)]).toEqual([409, ["changed-meanwhile"]]);
  });

  test("that is deleted meanwhile leaves no credential behind", async () => {
    const ports = apiPorts();
    const api = new TestApi(ports);
    const id = await api.connect();
    const { overwrite } = ports.credentials;
    ports.credentials.overwrite = async (owner, next) => {
      await ports.connections.remove("acme", id);
      await overwrite.call(ports.credentials, owner, next);
    };
    const answer = await api.call("PATCH", `/connections/${id}`, { body: { credential: { apiKey: "new" } } });
    expect(answer.status).toBe(404);
    expect(await ports.credentials.read({ partner: "acme", connectionId: id })).toBeNull();
  });
});
