import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { apiKeyIdIn, hasDigest, makeApiKey, mayActAs, roles } from "../../../lib/engine/api-key.ts";
import { SeededRandom } from "../../support/memory/clock.ts";
import { errorsOf, TestApi } from "./support/api.ts";

const hourMs = 3_600_000;
const dayMs = 86_400_000;
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe("a key", () => {
  test("opens the API from when it is made until it expires", async () => {
    const api = new TestApi();
    const { key } = await api.makeKey("viewer");
    expect((await api.call("GET", "/connections", { key })).status).toBe(200);
    api.ports.clock.advance(90 * dayMs - 1);
    expect((await api.call("GET", "/connections", { key })).status).toBe(200);
    api.ports.clock.advance(1);
    const late = await api.call("GET", "/connections", { key });
    expect([late.status, errorsOf(late)]).toEqual([401, ["expired-api-key"]]);
  });

  test("opens nothing once it is revoked, and revoking it again changes nothing", async () => {
    const api = new TestApi();
    const { id, key } = await api.makeKey("admin");
    const first = await api.call("DELETE", `/keys/${id}`);
    expect([first.status, first.data["status"]]).toEqual([200, "revoked"]);
    const refused = await api.call("GET", "/keys", { key });
    expect([refused.status, errorsOf(refused)]).toEqual([401, ["revoked-api-key"]]);
    api.ports.clock.advance(hourMs);
    expect((await api.call("DELETE", `/keys/${id}`)).data).toEqual(first.data);
  });

  test("is kept as a digest alone, and told once", async () => {
    const api = new TestApi();
    const { id, key } = await api.makeKey("operator", "tenant-1");
    const [stored] = api.ports.keys.all();
    expect(stored).toMatchObject({ id, digest: sha256(key), tenantId: "tenant-1", role: "operator" });
    await api.call("GET", "/keys");
    await api.call("GET", "/audit");
    await api.call("DELETE", `/keys/${id}`);
    const [, ...later] = api.answers;
    const kept = [stored, api.ports.audit.entries, api.ports.log.lines, later];
    expect(JSON.stringify(kept)).not.toContain(key);
  });

  test("is not made with an Idempotency-Key, whose answers are kept", async () => {
    const api = new TestApi();
    const body = { name: "x", role: "viewer" };
    const answer = await api.call("POST", "/keys", { body, headers: { "idempotency-key": "once" } });
    expect([answer.status, errorsOf(answer)]).toEqual([400, ["invalid-field Idempotency-Key"]]);
    expect(api.ports.keys.all()).toEqual([]);
  });

  test("shows when it was last used, by one write an hour", async () => {
    const api = new TestApi();
    const { key } = await api.makeKey("viewer");
    const lastUsedAt = async () => (await api.page("/keys")).items[0]?.["lastUsedAt"];
    expect(await lastUsedAt()).toBeNull();
    const usedAt = new Date(api.ports.clock.nowMs()).toISOString();
    const noted = vi.spyOn(api.ports.keys, "noteUse");
    for (let call = 0; call < 60; call++) {
      await api.call("GET", "/partners", { key });
      api.ports.clock.advance(hourMs / 60 - 1);
    }
    expect([noted.mock.calls.length, api.ports.keys.notes, await lastUsedAt()]).toEqual([1, 1, usedAt]);
    api.ports.clock.advance(60);
    await api.call("GET", "/partners", { key });
    expect(api.ports.keys.notes).toBe(2);
  });

  test("opens the API though its use cannot be noted", async () => {
    const api = new TestApi();
    const { key } = await api.makeKey("viewer");
    vi.spyOn(api.ports.keys, "noteUse").mockRejectedValue(new Error("throttled"));
    expect((await api.call("GET", "/partners", { key })).status).toBe(200);
    expect(api.ports.log.lines.map(({ message }) => message)).toEqual(["the use of a key could not be noted"]);
  });

  test("that somebody else's digest stands under opens nothing", async () => {
    const api = new TestApi();
    const { id, key } = await api.makeKey("admin");
    const find = api.ports.keys.find.bind(api.ports.keys);
    vi.spyOn(api.ports.keys, "find").mockImplementation(async () => find(id));
    const other = await api.call("GET", "/keys", { key: `${key.slice(0, -1)}${key.endsWith("a") ? "b" : "a"}` });
    expect([other.status, errorsOf(other)]).toEqual([401, ["wrong-api-key"]]);
  });

  test.each([
    [{ name: "x" }, "role"],
    [{ name: "x", role: "root" }, "role"],
    [{ name: "", role: "viewer" }, "name"],
    [{ name: "x", role: "viewer", expiresInDays: 0 }, "expiresInDays"],
    [{ name: "x", role: "viewer", expiresInDays: 731 }, "expiresInDays"],
    [{ name: "x", role: "viewer", tenantId: "" }, "tenantId"],
  ])("is not made of %j", async (body, field) => {
    const answer = await new TestApi().call("POST", "/keys", { body });
    expect([answer.status, errorsOf(answer)]).toEqual([400, [`invalid-field ${field}`]]);
  });
});

describe("the audit log", () => {
  test("has the key's id and name, and is read a day at a time", async () => {
    const api = new TestApi();
    const { id, key } = await api.makeKey("operator");
    const connection = await api.call("POST", "/connections/none/pause", { key, body: {} });
    expect(connection.status).toBe(404);
    const own = await api.connect();
    await api.call("POST", `/connections/${own}/pause`, { key, body: {} });
    const { items } = await api.page("/audit");
    expect(items.map(({ actor }) => actor)).toContain(`${id} (operator of the tests)`);
    expect(items.find(({ action }) => action === "key.create")).toMatchObject({
      actor: "first (the first key)",
      subject: id,
      detail: { role: "operator", tenant: "every" },
    });
    const today = new Date(api.ports.clock.nowMs()).toISOString().slice(0, 10);
    expect((await api.page("/audit", { day: today })).total).toBe(items.length);
    expect((await api.page("/audit", { day: "2026-02-28" })).items).toEqual([]);
    const wrong = await api.call("GET", "/audit", { query: { day: "yesterday" } });
    expect([wrong.status, errorsOf(wrong)]).toEqual([400, ["invalid-field day"]]);
  });
});

describe("the rules of keys", () => {
  test("a key leads to its id and fits its digest, and no other does", () => {
    const random = new SeededRandom(7);
    const made = makeApiKey(random);
    expect(apiKeyIdIn(made.key)).toBe(made.id);
    expect(hasDigest(made.key, made.digest)).toBe(true);
    expect(hasDigest(made.key, "")).toBe(false);
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        expect(hasDigest(text, made.digest)).toBe(false);
        expect(apiKeyIdIn(text)).not.toBe(made.id);
      }),
    );
  });

  test("each role may do what the ones before it may, and no more", () => {
    for (const [height, role] of roles.entries())
      expect(roles.filter((needed) => mayActAs(role, needed))).toEqual(roles.slice(0, height + 1));
  });
});
