import { describe, expect, test } from "vitest";
import { roles } from "../../../lib/engine/api-key.ts";
import type { Role } from "../../../lib/engine/api-key.ts";
import type { Route } from "../../../lib/flows/api/route.ts";
import { routes } from "../../../lib/flows/api/routes.ts";
import type { CredentialAttempt } from "../../../lib/engine/oauth/credential-attempt.ts";
import { startMs } from "../../support/memory-ports.ts";
import { gamma, gammaApp, gammaConnection } from "../support/gamma.ts";
import { acmeConnection, apiPorts, errorsOf, TestApi } from "./support/api.ts";
import type { Answer } from "./support/api.ts";
import { makeFailure, makeRun, putRecord } from "./support/seed.ts";

const mine = "tenant-of-the-key";
const theirs = "tenant-of-somebody-else";
/** Stands in everything that the other tenant has, and nowhere else. */
const marker = "known-only-to-them";
const nameOf = (route: Route) => `${route.method} ${route.path}`;
const keyed = routes.filter((route) => route.needs !== "nothing");

interface World {
  readonly api: TestApi;
  /** The other tenant's connection. */
  readonly id: string;
  readonly failureRef: string;
}

const attempt: CredentialAttempt = {
  partner: "gamma",
  attemptId: "attempt-1",
  tenantId: mine,
  wish: { kind: "connect", name: marker, settings: {} },
  status: { kind: "failed", code: "denied", message: marker },
  actor: { name: "key", requestId: "request" },
  createdAtMs: startMs,
  revision: 1,
};

/** Two tenants; the other one has a connection with all that a connection may have. */
async function twoTenants(): Promise<World> {
  const secret = { connectionKey: "gamma-connection-key", webhookSecrets: [], app: gammaApp };
  const api = new TestApi(apiPorts({ partners: [gamma], secrets: { gamma: secret } }));
  await api.connect({ tenantId: mine });
  await api.ports.connections.create({ ...gammaConnection, tenantId: theirs, name: marker });
  await api.ports.attempts.create({ ...attempt, tenantId: theirs });
  const id = await api.connect({ tenantId: theirs, name: marker, account: "acct-theirs" });
  await api.ports.runs.create(makeRun(id));
  await putRecord(api.ports, id, "order-1", { data: { note: marker } });
  const failure = makeFailure("failure-1", { connectionId: id, why: { ...makeFailure("x").why, message: marker } });
  await api.ports.failures.record(failure);
  return { api, id, failureRef: `acme:${id}:failure-1` };
}

/** What each route that takes a body is asked, about the other tenant's things wherever a body can name them. */
function bodyOf(route: Route, { id, failureRef }: World): unknown {
  const bodies: Readonly<Record<string, unknown>> = {
    "POST /connections": { ...acmeConnection, tenantId: theirs },
    "POST /connections/authorize": { partner: "gamma", tenantId: theirs, name: "Gamma" },
    "POST /connections/{id}/authorize": {},
    "POST /connections/{id}/compare": {},
    "POST /connections/{id}/credential": { credential: { apiKey: "another" } },
    "PATCH /connections/{id}": { name: "renamed" },
    "POST /connections/{id}/sync": {},
    "POST /connections/{id}/pause": {},
    "POST /connections/{id}/webhooks": {},
    "POST /connections/{id}/resume": {},
    "POST /connections/{id}/rebuild/{resource}": {},
    "POST /connections/{id}/erase-records/{resource}": { externalIds: ["order-1"] },
    "POST /connections/{id}/erase-kept": { values: ["somebody@example.com"] },
    "POST /tenants/{tenantId}/find-person": { value: "somebody@example.com" },
    "POST /failures/replay": { partner: "acme", connectionId: id, failureId: "failure-1" },
    "POST /failures/discard": { failureIds: [failureRef] },
    "POST /partners/{partner}/pause": { reason: "maintenance" },
    "POST /partners/{partner}/drain": { reason: "a deploy" },
    "POST /partners/{partner}/resume": {},
    "POST /partners/{partner}/recover": { how: "drain", reason: "up again" },
    "POST /partners/{partner}/emergency": { lane: "imports", count: 1 },
    "POST /keys": { name: "x", role: "viewer" },
    "POST /credentials/re-encrypt": {},
  };
  if (route.body !== undefined && !(nameOf(route) in bodies))
    throw new Error(`Say what ${nameOf(route)} is asked here.`);
  return bodies[nameOf(route)];
}

function pathOf(route: Route, { id, failureRef }: World): string {
  const values: Readonly<Record<string, string>> = {
    id,
    tenantId: theirs,
    partner: "acme",
    model: "order",
    resource: "orders",
    externalId: "order-1",
    attemptId: "attempt-1",
    runId: "orders-1",
    ref: failureRef,
    keyId: "key_0000000000000000",
  };
  const isOfGamma = /authorize$|attempts/.test(route.path);
  const own: Readonly<Record<string, string>> = isOfGamma ? { partner: "gamma", id: gammaConnection.connectionId } : {};
  return route.path.replaceAll(/\{(\w+)\+?\}/g, (_, name: string) => {
    const value = own[name] ?? values[name];
    if (value === undefined) throw new Error(`Say what {${name}} is here.`);
    return value;
  });
}

const callAs = (world: World, route: Route, key: string): Promise<Answer> =>
  world.api.call(route.method, pathOf(route, world), { key, body: bodyOf(route, world) });

/** Everything that is kept, as text: the same before and after a call that changed nothing. */
async function keptIn({ ports }: TestApi): Promise<string> {
  const connections = await ports.connections.list(null, { limit: 100, cursor: null });
  const states = await Promise.all(
    connections.items.map(({ partner, connectionId }) => ports.connections.listResources(partner, connectionId)),
  );
  const control = await ports.control.read("acme", null);
  const lanes = await Promise.all([ports.lanes.depth("acme", "webhooks"), ports.lanes.depth("acme", "imports")]);
  const rest = [ports.records.all(), ports.failures.all(), ports.runs.all(), ports.audit.entries];
  const keys = ports.keys.all().map((key) => ({ ...key, lastUsedAtMs: null }));
  return JSON.stringify([connections.items, states, control, lanes, rest, keys]);
}

/** Routes that name nothing of a tenant's, and what a bound key gets of them. */
const catalogue = ["GET /partners", "GET /partners/{partner}", "GET /models", "GET /models/{model}"];

describe.each(keyed.map((route) => [nameOf(route), route] as const))("%s", (name, route) => {
  test("shows a key of another tenant nothing, and lets it change nothing", async () => {
    const world = await twoTenants();
    const { key } = await world.api.makeKey("admin", mine);
    const before = await keptIn(world.api);
    const answer = await callAs(world, route, key);
    if (route.reach === "stage") expect([answer.status, errorsOf(answer)]).toEqual([403, ["tenant-bound-key"]]);
    else if (name === "GET /connections") expect(answer.data["total"]).toBe(1);
    else if (name === "GET /failures") expect(errorsOf(answer)).toEqual(["connection-required connectionId"]);
    else if (name === "POST /failures/discard")
      expect(answer.data).toMatchObject({ discarded: [], refused: [{ reason: "there is no such failure" }] });
    else if (catalogue.includes(name)) expect(answer.status).toBe(200);
    else expect([answer.status, errorsOf(answer)]).toEqual([404, ["not-found"]]);
    // What was sent in comes back (the id of a failure that is not there); nothing else of theirs does.
    expect(answer.body).not.toContain(marker);
    expect(answer.body).not.toContain(theirs);
    // A call for nobody's failures is in the audit log like any other.
    if (name !== "POST /failures/discard") expect(await keptIn(world.api)).toBe(before);
  });

  test("is the same for a key of the tenant itself and for one of none, where it reaches tenants", async () => {
    // Failures of every connection at once are the one thing that a bound key does not get and the other does.
    if (route.reach === "stage" || name === "GET /failures") return;
    const [bound, free] = [await twoTenants(), await twoTenants()];
    const own = await callAs(bound, route, (await bound.api.makeKey("admin", theirs)).key);
    const all = await callAs(free, route, (await free.api.makeKey("admin")).key);
    expect(own.status).toBe(all.status);
    expect(own.status).toBeLessThan(300);
  });

  const lower = roles.slice(
    0,
    roles.findIndex((role) => role === route.needs),
  );
  test.each(lower.length === 0 ? ["viewer" as const] : lower)("asks a key for its role: %s", async (role) => {
    const world = await twoTenants();
    const { key } = await world.api.makeKey(role);
    const before = await keptIn(world.api);
    const answer = await callAs(world, route, key);
    if (lower.length === 0) return expect(answer.status).not.toBe(403);
    expect([answer.status, errorsOf(answer)]).toEqual([403, ["role-too-low"]]);
    expect(await keptIn(world.api)).toBe(before);
  });
});

describe("the table of routes", () => {
  test("lets viewers read alone, and none but admins manage keys, read the audit log or erase", () => {
    const needed = (role: Role) => routes.filter((route) => route.needs === role);
    expect(needed("viewer").filter((route) => route.method !== "GET")).toEqual([]);
    const admins = routes.filter((route) =>
      /^\/keys|^\/audit|\/erase|\/remains|\/find-person|\/re-encrypt/.test(route.path),
    );
    expect(new Set(admins)).toEqual(new Set(needed("admin")));
  });
});

describe("a key that is bound to a tenant", () => {
  test("sees that tenant's connections alone, whatever it asks for", async () => {
    const { api, id } = await twoTenants();
    const { key } = await api.makeKey("viewer", mine);
    const list = await api.call("GET", "/connections", { key });
    expect(JSON.stringify(list.data)).not.toContain(id);
    const other = await api.call("GET", "/connections", { key, query: { tenantId: theirs } });
    expect([other.status, errorsOf(other)]).toEqual([404, ["not-found"]]);
    const own = await api.call("GET", "/connections", { key, query: { tenantId: mine } });
    expect(own.data["total"]).toBe(1);
  });

  test("sees failures of its own connections", async () => {
    const { api, id } = await twoTenants();
    const [other, own] = [await api.makeKey("viewer", mine), await api.makeKey("viewer", theirs)];
    const query = { connectionId: id };
    expect((await api.call("GET", "/failures", { key: other.key, query })).status).toBe(404);
    expect((await api.call("GET", "/failures", { key: own.key, query })).data["total"]).toBe(1);
    const grouped = await api.call("GET", "/failures", { key: other.key, query: { ...query, group: "true" } });
    expect(grouped.status).toBe(404);
  });

  test.each([{ fingerprint: "fingerprint-1" }, { since: "2020-01-01T00:00:00Z" }])(
    "does not reach others' failures by %o",
    async (choice) => {
      const { api } = await twoTenants();
      const { key } = await api.makeKey("operator", mine);
      const answer = await api.call("POST", "/failures/discard", { key, body: { partner: "acme", ...choice } });
      expect([answer.status, errorsOf(answer)]).toEqual([400, ["connection-required connectionId"]]);
      expect(api.ports.failures.all().map(({ status }) => status)).toEqual(["open"]);
    },
  );

  test("is not told whose an account is", async () => {
    const { api, id } = await twoTenants();
    const { key } = await api.makeKey("operator", mine);
    const body = { ...acmeConnection, tenantId: mine, account: "acct-theirs" };
    const answer = await api.call("POST", "/connections", { key, body });
    expect([answer.status, errorsOf(answer)]).toEqual([403, ["tenant-bound-key account"]]);
    expect(answer.body).not.toContain(id);
    const unbound = await api.call("POST", "/connections", { body });
    expect([unbound.status, errorsOf(unbound)]).toEqual([409, ["account-taken account"]]);
    expect(unbound.body).toContain(id);
  });

  test("is not given an answer that another key was given", async () => {
    const { api, id } = await twoTenants();
    const [theirsKey, mineKey] = [await api.makeKey("operator", theirs), await api.makeKey("operator", mine)];
    const pause = async (key: string) =>
      api.call("POST", `/connections/${id}/pause`, { key, body: {}, headers: { "idempotency-key": "the-same" } });
    expect((await pause(theirsKey.key)).status).toBe(200);
    expect((await pause(theirsKey.key)).headers["idempotent-replayed"]).toBe("true");
    expect((await pause(mineKey.key)).status).toBe(404);
  });

  test("does not see what is left of another's connection that was deleted", async () => {
    const { api, id } = await twoTenants();
    const [own, other] = [await api.makeKey("admin", theirs), await api.makeKey("admin", mine)];
    // A run in progress keeps a connection from being removed at once.
    for (const run of api.ports.runs.all()) {
      const status = { kind: "done", atMs: api.ports.clock.nowMs() } as const;
      await api.ports.runs.compareAndSet({ ...run, status, revision: run.revision + 1 });
    }
    expect((await api.call("DELETE", `/connections/${id}`)).data).toMatchObject({ removed: true });
    const remains = async (key: string) => (await api.call("GET", `/connections/${id}/remains`, { key })).status;
    expect([await remains(own.key), await remains(other.key)]).toEqual([200, 404]);
    expect((await api.call("POST", `/connections/${id}/erase`, { key: other.key })).status).toBe(404);
  });
});
