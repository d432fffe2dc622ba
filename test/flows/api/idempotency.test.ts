import { describe, expect, test } from "vitest";
import { acmeConnection, apiPorts, errorsOf, TestApi } from "./support/api.ts";

const headers = { "idempotency-key": "key-1" };

describe("an Idempotency-Key", () => {
  test("gives the first answer again and makes nothing twice", async () => {
    const api = new TestApi();
    const call = () => api.call("POST", "/connections", { body: acmeConnection, headers });
    const first = await call();
    const second = await call();
    expect([first.status, second.status, second.body]).toEqual([201, 201, first.body]);
    expect([first.headers["idempotent-replayed"], second.headers["idempotent-replayed"]]).toEqual(["false", "true"]);
    expect(second.headers["x-request-id"]).not.toBe(first.headers["x-request-id"]);
    expect(api.ports.connections.all()).toHaveLength(1);
    expect(api.ports.audit.entries).toHaveLength(1);
  });

  test("without one, every call makes a connection of its own", async () => {
    const api = new TestApi();
    expect(await api.connect()).not.toBe(await api.connect());
  });

  test("with another body is refused", async () => {
    const api = new TestApi();
    await api.call("POST", "/connections", { body: acmeConnection, headers });
    const answer = await api.call("POST", "/connections", { body: { ...acmeConnection, name: "Other" }, headers });
    expect([answer.status, errorsOf(answer)]).toEqual([422, ["idempotency-key-reused"]]);
    expect(api.ports.connections.all()).toHaveLength(1);
  });

  test("whose first call is under way is a conflict", async () => {
    const api = new TestApi();
    const [first, second] = await Promise.all([
      api.call("POST", "/connections", { body: acmeConnection, headers }),
      api.call("POST", "/connections", { body: acmeConnection, headers }),
    ]);
    expect([first.status, second.status, errorsOf(second)]).toEqual([201, 409, ["idempotency-in-progress"]]);
  });

  test("is of one path: another call may carry the same", async () => {
    const api = new TestApi();
    const id = await api.connect();
    const other = await api.connect();
    expect((await api.call("POST", `/connections/${id}/sync`, { headers })).status).toBe(202);
    const answer = await api.call("POST", `/connections/${other}/sync`, { headers });
    expect([answer.status, answer.data.connectionId, answer.headers["idempotent-replayed"]]).toEqual([
      202,
      other,
      "false",
    ]);
  });

  test("of a call that was refused can be used again", async () => {
    const api = new TestApi();
    const wrong = { ...acmeConnection, credential: {} };
    expect((await api.call("POST", "/connections", { body: wrong, headers })).status).toBe(400);
    expect((await api.call("POST", "/connections", { body: acmeConnection, headers })).status).toBe(201);
  });

  test("still finds its connection when the store of answers has forgotten it", async () => {
    const ports = apiPorts();
    const first = await new TestApi(ports).call("POST", "/connections", { body: acmeConnection, headers });
    const id = String(first.data.id);
    await new TestApi(ports).call("PATCH", `/connections/${id}`, { body: { name: "New", status: "paused" } });
    const second = await new TestApi(ports).call("POST", "/connections", { body: acmeConnection, headers });
    // As it is now: what happened since is not undone.
    expect([second.status, second.data.id, second.data.name, second.data.status]).toEqual([201, id, "New", "paused"]);
    expect(ports.connections.all()).toHaveLength(1);
    const other = { ...acmeConnection, tenantId: "tenant-2" };
    const third = await new TestApi(ports).call("POST", "/connections", { body: other, headers });
    expect([third.status, errorsOf(third)]).toEqual([422, ["idempotency-key-reused"]]);
  });

  test("is the caller's own: keys of two tenants, or of one, make a connection each from the same one", async () => {
    const api = new TestApi();
    const ids = new Set<unknown>();
    for (const tenantId of ["tenant-1", "tenant-2", "tenant-2"]) {
      const { key } = await api.makeKey("operator", tenantId);
      const answer = await api.call("POST", "/connections", { key, body: { ...acmeConnection, tenantId }, headers });
      expect(answer.status).toBe(201);
      ids.add(answer.data["id"]);
    }
    expect(ids.size).toBe(3);
  });

  test("of a user who is of another tenant now makes that tenant's connection", async () => {
    const ports = apiPorts();
    const ids = new Set<unknown>();
    for (const tenantId of ["tenant-1", "tenant-2"]) {
      const access = { id: "user-1", name: "user", role: "operator", tenantId } as const;
      const api = new TestApi(ports, { verifyApiKey: async () => ({ kind: "known", access }) });
      const answer = await api.call("POST", "/connections", { body: { ...acmeConnection, tenantId }, headers });
      expect(answer.status).toBe(201);
      ids.add(answer.data["id"]);
    }
    expect(ids.size).toBe(2);
  });

  test("whose connection was deleted, and whose answer is forgotten, is used up", async () => {
    const ports = apiPorts();
    const first = await new TestApi(ports).call("POST", "/connections", { body: acmeConnection, headers });
    for (const run of ports.runs.all()) {
      const status = { kind: "done", atMs: ports.clock.nowMs() } as const;
      await ports.runs.compareAndSet({ ...run, status, revision: run.revision + 1 });
    }
    const removed = await new TestApi(ports).call("DELETE", `/connections/${String(first.data["id"])}`);
    expect(removed.data).toMatchObject({ removed: true });
    const again = await new TestApi(ports).call("POST", "/connections", { body: acmeConnection, headers });
    expect([again.status, errorsOf(again)]).toEqual([422, ["idempotency-key-reused"]]);
  });

  test.each(["", " ", "two words", "ä", "x".repeat(256)])("is not '%s'", async (key) => {
    const api = new TestApi();
    const answer = await api.call("POST", "/connections", {
      body: acmeConnection,
      headers: { "idempotency-key": key },
    });
    expect([answer.status, errorsOf(answer)]).toEqual([400, ["invalid-field Idempotency-Key"]]);
    expect(api.ports.connections.all()).toEqual([]);
  });

  test("on anything but a POST means nothing", async () => {
    const api = new TestApi();
    const id = await api.connect();
    const call = (name: string) => api.call("PATCH", `/connections/${id}`, { body: { name }, headers });
    await call("One");
    expect((await call("Two")).data.name).toBe("Two");
  });
});
