import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { securityHeaders } from "../../../lib/flows/api/envelope.ts";
import type { Route } from "../../../lib/flows/api/route.ts";
import { routes } from "../../../lib/flows/api/routes.ts";
import { acmeConnection, errorsOf, TestApi } from "./support/api.ts";
import type { Answer } from "./support/api.ts";

const nobody = "acme_AAAAAAAAAAAAAAAAAA-AAAAAAAAAAAAAAAA";
const keyed = routes.filter((route) => route.needs !== "nothing");
/** A tenant is nothing that is made: whoever has no connections is one too. */
const withIds = keyed.filter((route) => route.path.includes("{") && !route.path.startsWith("/tenants/"));

/** Bodies that each POST and PATCH takes. */
const bodies: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "POST /connections": acmeConnection,
  "PATCH /connections/{id}": { name: "renamed" },
  "POST /connections/authorize": { partner: "acme", tenantId: "tenant-1", name: "Acme" },
  "POST /connections/{id}/authorize": {},
  "POST /connections/{id}/credential": { credential: { apiKey: "another" } },
  "POST /connections/{id}/compare": {},
  "POST /connections/{id}/sync": { mode: "full" },
  "POST /connections/{id}/pause": {},
  "POST /connections/{id}/webhooks": {},
  "POST /connections/{id}/resume": {},
  "POST /failures/discard": { partner: "acme", connectionId: null, failureId: "failure-1" },
  "POST /connections/{id}/rebuild/{resource}": { limit: 10 },
  "POST /partners/{partner}/pause": { reason: "maintenance" },
  "POST /partners/{partner}/drain": { reason: "a deploy" },
  "POST /partners/{partner}/resume": { what: "all" },
  "POST /partners/{partner}/recover": { how: "drain", reason: "it is up again" },
  "POST /partners/{partner}/emergency": { lane: "imports", count: 1 },
  "POST /tenants/{tenantId}/find-person": { value: "somebody@example.com" },
  "POST /connections/{id}/erase-records/{resource}": { externalIds: ["order-1"] },
  "POST /connections/{id}/erase-kept": { values: ["somebody@example.com"] },
  "POST /keys": { name: "a dashboard", role: "viewer" },
  "POST /credentials/re-encrypt": { limit: 10 },
  "POST /failures/replay": { partner: "acme", connectionId: null, failureId: "failure-1" },
};
const nameOf = (route: Route) => `${route.method} ${route.path}`;
const bodyOf = (route: Route) => bodies[nameOf(route)];

/** The route's path with every parameter filled in. */
const pathOf = (route: Route, values: Readonly<Record<string, string>> = {}) =>
  route.path.replaceAll(/\{(\w+)\+?\}/g, (_, name: string) => values[name] ?? (name === "partner" ? "acme" : nobody));

/** Throws unless an answer is in its envelope, with the headers of every answer. */
function expectEnvelope(answer: Answer): void {
  expect(answer.headers).toMatchObject(securityHeaders);
  expect(answer.headers["x-request-id"]).toMatch(/^request-\d+$/);
  const { status, data, errors } = answer.envelope;
  if (answer.status < 300) expect({ status, errors }).toEqual({ status: "ok", errors: [] });
  else {
    expect({ status, data }).toEqual({ status: "error", data: null });
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors) expect(error.code).toMatch(/^[a-z]+(-[a-z]+)*$/);
  }
}

test("the routes are those of the contract", () => {
  expect(routes.map(nameOf).toSorted()).toEqual(
    [
      "GET /health",
      "GET /partners",
      "GET /partners/{partner}",
      "GET /models",
      "GET /models/{model}",
      "POST /connections/{id}/rebuild/{resource}",
      "POST /partners/{partner}/pause",
      "POST /partners/{partner}/resume",
      "POST /partners/{partner}/drain",
      "GET /partners/{partner}/drain",
      "GET /partners/{partner}/drift",
      "POST /partners/{partner}/recover",
      "POST /partners/{partner}/emergency",
      "POST /connections",
      "GET /connections",
      "POST /connections/authorize",
      "POST /connections/{id}/authorize",
      "POST /connections/{id}/credential",
      "GET /credential-attempts/{partner}/{attemptId}",
      "GET /oauth/{partner}/callback",
      "GET /connections/{id}",
      "PATCH /connections/{id}",
      "DELETE /connections/{id}",
      "POST /connections/{id}/sync",
      "GET /connections/{id}/runs",
      "GET /connections/{id}/runs/{runId}",
      "GET /connections/{id}/records/{resource}",
      "GET /connections/{id}/records/{resource}/{externalId+}",
      "GET /status",
      "GET /connections/{id}/webhooks",
      "POST /connections/{id}/webhooks",
      "POST /connections/{id}/pause",
      "POST /connections/{id}/resume",
      "GET /connections/{id}/waiting",
      "GET /connections/{id}/sync-status",
      "POST /connections/{id}/compare",
      "GET /connections/{id}/compare",
      "GET /connections/{id}/remains",
      "POST /connections/{id}/erase",
      "POST /connections/{id}/erase-records/{resource}",
      "POST /connections/{id}/erase-kept",
      "POST /tenants/{tenantId}/erase",
      "POST /tenants/{tenantId}/find-person",
      "GET /connections/{id}/history/{resource}/{externalId+}",
      "POST /credentials/re-encrypt",
      "GET /failures",
      "GET /failures/{ref+}",
      "POST /failures/discard",
      "POST /failures/replay",
      "POST /keys",
      "GET /keys",
      "DELETE /keys/{keyId}",
      "GET /audit",
    ].toSorted(),
  );
});

test("what every route with a body is asked is said above", () => {
  expect(
    routes
      .filter((route) => route.needs === "nothing")
      .map(nameOf)
      .toSorted(),
  ).toEqual(["GET /health", "GET /oauth/{partner}/callback"]);
  expect(
    routes
      .filter((route) => route.body !== undefined)
      .map(nameOf)
      .toSorted(),
  ).toEqual(Object.keys(bodies).toSorted());
});

/** The one that answers a browser with a page is tested by itself. */
const enveloped = routes.filter((route) => route.path !== "/oauth/{partner}/callback");

describe.each(enveloped.map((route) => [nameOf(route), route] as const))("%s", (_, route) => {
  test("answers in the envelope, whatever comes of it", async () => {
    const api = new TestApi();
    const answers = [
      await api.call(route.method, pathOf(route), { body: bodyOf(route) }),
      await api.call(route.method, pathOf(route), { key: null }),
      await api.call("PUT", pathOf(route)),
      await api.call(route.method, pathOf(route), { query: { nonsense: "1" } }),
    ];
    expect(new Set(answers.map((answer) => answer.status)).size).toBeGreaterThan(1);
    for (const answer of answers) expectEnvelope(answer);
  });

  test("names a query's field that it does not know", async () => {
    const api = new TestApi();
    await fc.assert(
      fc.asyncProperty(unknownKey(route.query), fc.string({ maxLength: 20 }), async (key, value) => {
        const query = Object.fromEntries([[key, value]]);
        const answer = await api.call(route.method, pathOf(route), { query, body: bodyOf(route) });
        expect([answer.status, errorsOf(answer)]).toEqual([400, [`unknown-field ${key.slice(0, 100)}`]]);
      }),
      { numRuns: 60 },
    );
  });

  test("refuses what is larger than any call needs", async () => {
    const answer = await new TestApi().call(route.method, pathOf(route), { body: " ".repeat(256 * 1024 + 1) });
    expect([answer.status, errorsOf(answer)]).toEqual([413, ["body-too-large"]]);
    const fits = await new TestApi().call(route.method, pathOf(route), { body: " ".repeat(256 * 1024) });
    expect(fits.status).not.toBe(413);
  });
});

/** Keys that a schema does not know, `__proto__` and the like among them. */
function unknownKey(schema: z.ZodType): fc.Arbitrary<string> {
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  return fc
    .oneof(
      fc.string({ minLength: 1, maxLength: 120 }),
      fc.constantFrom("__proto__", "constructor", "toString", "Limit"),
    )
    .filter((key) => !known.includes(key));
}

describe.each(keyed.map((route) => [nameOf(route), route] as const))("%s", (_, route) => {
  test("needs the key", async () => {
    const answer = await new TestApi().call(route.method, pathOf(route), { key: null, body: bodyOf(route) });
    expect([answer.status, errorsOf(answer)]).toEqual([401, ["missing-api-key"]]);
    expect(answer.headers["www-authenticate"]).toContain("Bearer");
  });
});

describe.each(withIds.map((route) => [nameOf(route), route] as const))("%s", (_, route) => {
  test.each(["nobody", nobody, "acme_x", "ghost_AAAAAAAAAAAAAAAAAA-AAAAAAAAAAAAAAAA", "__proto__", "..", "a#b"])(
    "knows no %s",
    async (id) => {
      const path = pathOf(route, { id, partner: id, resource: "orders", externalId: "x" });
      const answer = await new TestApi().call(route.method, path, { body: bodyOf(route) });
      expect([answer.status, errorsOf(answer)]).toEqual([404, ["not-found"]]);
    },
  );
});

describe.each(Object.keys(bodies))("%s", (name) => {
  const [method = "", path = ""] = name.split(" ");
  const call = async (api: TestApi, body: unknown) =>
    api.call(
      method,
      path
        .replace("{id}", await api.connect())
        .replace("{partner}", "acme")
        .replace("{resource}", "orders"),
      { body },
    );

  test.each(["{", "nonsense", "{'a': 1}", "[".repeat(10_000), '{"a":1}{"b":2}', Uint8Array.of(0x22, 0xff, 0x22)])(
    "refuses a body that is not JSON: %s",
    async (body) => {
      const answer = await call(new TestApi(), body);
      expect([answer.status, errorsOf(answer)]).toEqual([400, ["body-not-json"]]);
    },
  );

  test.each(["null", "[]", "7", '"text"', "true"])("refuses a body that is no object: %s", async (body) => {
    expect((await call(new TestApi(), body)).status).toBe(400);
  });

  test("names a field that it does not know", async () => {
    const api = new TestApi();
    const id = await api.connect();
    const fields =
      "partner tenantId name credential account settings webhookSecret status resource mode connectionId failureId fingerprint failureIds since dryRun reason by what how resources full cursor lane count limit repair value externalIds role expiresInDays";
    const known = new Set(fields.split(" "));
    const key = fc
      .oneof(
        fc.string({ minLength: 1, maxLength: 120 }),
        fc.constantFrom("__proto__", "constructor", "tenant_id", "Name"),
      )
      .filter((candidate) => !known.has(candidate) && candidate.isWellFormed());
    await fc.assert(
      fc.asyncProperty(key, fc.jsonValue({ maxDepth: 3 }), async (field, value) => {
        const others = JSON.stringify(bodies[name]).slice(1);
        const comma = others === "}" ? "" : ",";
        const body = `{${JSON.stringify(field)}:${JSON.stringify(value)}${comma}${others}`;
        const answer = await api.call(
          method,
          path.replace("{id}", id).replace("{partner}", "acme").replace("{resource}", "orders"),
          { body },
        );
        expect([answer.status, errorsOf(answer)]).toEqual([400, [`unknown-field ${field.slice(0, 100)}`]]);
      }),
      { numRuns: 100 },
    );
    expect(await api.page("/connections")).toMatchObject({ total: 1 });
  });
});

describe("a path", () => {
  test.each([
    "",
    "/",
    "/nothing",
    "/connections/",
    "//connections",
    "/connections/x/y/z",
    "/partners/acme/limits",
    "/health/x",
  ])("%s is not there", async (path) => {
    const answer = await new TestApi().call("GET", path);
    expect([answer.status, errorsOf(answer)]).toEqual([404, ["not-found"]]);
    expectEnvelope(answer);
  });

  test("that is not there tells nothing without a key", async () => {
    const answer = await new TestApi().call("GET", "/nothing", { key: null });
    expect([answer.status, errorsOf(answer)]).toEqual([401, ["missing-api-key"]]);
  });

  test.each([
    ["PUT", "/connections", "POST, GET"],
    ["POST", "/connections/x", "GET, PATCH, DELETE"],
    ["DELETE", "/health", "GET"],
    ["OPTIONS", "/failures", "GET"],
    ["HEAD", "/partners", "GET"],
    ["DELETE", "/failures/acme:-:failure-1", "GET"],
    ["GET", "/connections/x/pause", "POST"],
    ["GET", "/connections/x/sync", "POST"],
  ])("takes no %s %s", async (method, path, allow) => {
    const answer = await new TestApi().call(method, path);
    expect([answer.status, errorsOf(answer), answer.headers.allow]).toEqual([405, ["method-not-allowed"], allow]);
  });
});

describe("a failure on our side", () => {
  test("is a 500 without a stack, a message or a name, and is in the log", async () => {
    const api = new TestApi();
    api.ports.connections.list = () => Promise.reject(new TypeError("the table sluice-dev-connections is on fire"));
    const answer = await api.call("GET", "/connections");
    expect([answer.status, errorsOf(answer)]).toEqual([500, ["internal"]]);
    expectEnvelope(answer);
    expect(answer.body).not.toMatch(/fire|TypeError|sluice-dev|\.ts|at /);
    expect(answer.body).toContain("request-0");
    expect(api.ports.log.lines).toMatchObject([{ level: "error", fields: { requestId: "request-0" } }]);
    expect(api.ports.log.lines[0]?.fields.error).toBeInstanceOf(TypeError);
  });
});
