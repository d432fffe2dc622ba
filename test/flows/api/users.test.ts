import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { EnvironmentError } from "../../../lib/aws/environment.ts";
import { createUserPoolKeys, userPoolIn } from "../../../lib/aws/user-pool-keys.ts";
import { defineConfig } from "../../../lib/engine/config.ts";
import { KeyCache } from "../../../lib/engine/signatures/key-cache.ts";
import { createKeyVerifier } from "../../../lib/flows/api/verify-key.ts";
import { createUserVerifier } from "../../../lib/flows/api/verify-user.ts";
import { jsonAnswer, startMs } from "../../support/memory-ports.ts";
import { apiPorts, errorsOf, TestApi } from "./support/api.ts";

const pool = { issuer: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example", audience: "client-of-tests" };
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const short = generateKeyPairSync("rsa", { modulusLength: 1024 });
const curve = generateKeyPairSync("ec", { namedCurve: "P-256" });
const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 });
const jwkOf = (kid: string, key: KeyObject) => ({ ...key.export({ format: "jwk" }), kid, use: "sig" });
const published = [jwkOf("rsa+/=", rsa.publicKey), jwkOf("ec", curve.publicKey), jwkOf("short", short.publicKey)];

const nowS = startMs / 1_000;
const claims = {
  iss: pool.issuer,
  sub: "user-1",
  aud: pool.audience,
  token_use: "id",
  iat: nowS - 10,
  exp: nowS + 3_600,
  "cognito:groups": ["sluice-operator", "sluice-every-tenant"],
};

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

function tokenOf(changes: object = {}, header: object = {}, key: KeyObject = rsa.privateKey): string {
  const signed = `${part({ alg: "RS256", kid: "rsa+/=", ...header })}.${part({ ...claims, ...changes })}`;
  const bytes = Buffer.from(signed);
  const signature =
    key.asymmetricKeyType === "ec"
      ? sign("sha256", bytes, { key, dsaEncoding: "ieee-p1363" })
      : sign("sha256", bytes, key);
  return `${signed}.${signature.toString("base64url")}`;
}

function withPool(): TestApi {
  const ports = apiPorts();
  ports.transport.respond(() => jsonAnswer(200, { keys: published }));
  const { clock } = ports;
  const poolKeys = new KeyCache({ source: createUserPoolKeys(pool, ports.transport), clock });
  const verifyUser = createUserVerifier({ ...ports, pool, poolKeys });
  return new TestApi(ports, {
    verifyApiKey: createKeyVerifier({ ...ports, isFirstKey: async () => false, verifyUser }),
  });
}

async function ask(token: string, api = withPool(), path = "/connections") {
  return api.call("GET", path, { key: null, headers: { authorization: `Bearer ${token}` } });
}

describe("a user's token", () => {
  test.each([
    ["an identity token by RS256", tokenOf()],
    ["one by ES256", tokenOf({}, { alg: "ES256", kid: "ec" }, curve.privateKey)],
    [
      "an access token, which names its client elsewhere",
      tokenOf({ token_use: "access", aud: undefined, client_id: pool.audience }),
    ],
    ["one within the clocks' difference", tokenOf({ exp: nowS - 59, iat: nowS + 59, nbf: nowS + 59 })],
  ])("opens the API: %s", async (_, token) => expect((await ask(token)).status).toBe(200));

  test.each([
    ["no signature", `${part({ alg: "none", kid: "rsa+/=" })}.${part(claims)}.AA`],
    ["the public key as a secret", hs256()],
    ["somebody else's key", tokenOf({}, {}, stranger.privateKey)],
    ["a key that is too short", tokenOf({}, { kid: "short" }, short.privateKey)],
    ["another algorithm than the key's", tokenOf({}, { alg: "ES256" })],
    ["a key that is not published", tokenOf({}, { kid: "unknown" })],
    ["no id of a key", tokenOf({}, { kid: undefined })],
    ["an id that is a path", tokenOf({}, { kid: "../keys" })],
    ["an extension", tokenOf({}, { crit: ["b64"] })],
    ["another issuer", tokenOf({ iss: `${pool.issuer}x` })],
    ["another client", tokenOf({ aud: "another" })],
    ["a client where the other kind of token has it", tokenOf({ aud: undefined, client_id: pool.audience })],
    ["no use", tokenOf({ token_use: undefined })],
    ["no end", tokenOf({ exp: undefined })],
    ["a time to come", tokenOf({ nbf: nowS + 61 })],
    ["no tenant", tokenOf({ "cognito:groups": ["sluice-admin"] })],
    ["no group", tokenOf({ "cognito:groups": undefined })],
    ["two tenants", tokenOf({ "cognito:groups": ["sluice-tenant:a", "sluice-tenant:b"] })],
    ["a tenant of no name", tokenOf({ "cognito:groups": ["sluice-viewer", "sluice-tenant:"] })],
    ["one tenant and every", tokenOf({ "cognito:groups": ["sluice-tenant:a", "sluice-every-tenant"] })],
  ])("opens nothing with %s", async (_, token) => {
    const answer = await ask(token);
    expect([answer.status, errorsOf(answer)]).toEqual([401, ["wrong-token"]]);
  });

  test("says that it has expired, and only one that was right before", async () => {
    expect(errorsOf(await ask(tokenOf({ exp: nowS - 60 })))).toEqual(["expired-token"]);
    expect(errorsOf(await ask(tokenOf({ exp: nowS - 60 }, {}, stranger.privateKey)))).toEqual(["wrong-token"]);
  });

  test("has its role and its tenant from its user's groups", async () => {
    const api = withPool();
    const groups = (...names: readonly string[]) => tokenOf({ "cognito:groups": names });
    expect(errorsOf(await ask(groups("sluice-every-tenant"), api))).toEqual(["role-too-low"]);
    expect(errorsOf(await ask(groups("sluice-operator", "sluice-every-tenant"), api, "/keys"))).toEqual([
      "role-too-low",
    ]);
    expect((await ask(groups("sluice-viewer", "sluice-admin", "sluice-every-tenant"), api, "/keys")).status).toBe(200);
    expect(errorsOf(await ask(groups("sluice-admin", "sluice-tenant:t"), api, "/keys"))).toEqual(["tenant-bound-key"]);
    expect((await ask(groups("sluice-viewer", "sluice-tenant:t"), api)).data["total"]).toBe(0);
  });

  test("is the actor in the audit log by its subject, and by nothing that is a person's", async () => {
    const api = withPool();
    const headers = { authorization: `Bearer ${tokenOf({ email: "jenny@customers.example" })}` };
    await api.call("POST", "/partners/acme/pause", { key: null, headers, body: { reason: "maintenance" } });
    expect(api.ports.audit.entries.map(({ actor }) => actor)).toEqual(["user_user-1 (a user)"]);
  });

  test("costs one fetch of the pool's keys, and a stranger's none or few", async () => {
    const api = withPool();
    const sent = vi.spyOn(api.ports.transport, "send");
    for (let call = 0; call < 5; call++) await ask(tokenOf(), api);
    expect(sent).toHaveBeenCalledTimes(1);
    for (let call = 0; call < 50; call++)
      await ask(tokenOf({ iss: "https://other.example" }, { kid: `k${call}` }), api);
    expect(sent).toHaveBeenCalledTimes(1);
    for (let call = 0; call < 50; call++) await ask(tokenOf({}, { kid: `k${call}` }), api);
    expect(sent.mock.calls.length).toBeLessThanOrEqual(12);
  });

  test("is a 503 while the pool's keys cannot be had, and nothing else waits for them", async () => {
    const api = withPool();
    api.ports.transport.respond(() => jsonAnswer(500, {}));
    const answer = await ask(tokenOf(), api);
    expect([answer.status, errorsOf(answer)]).toEqual([503, ["unavailable"]]);
    expect((await ask("sluice_nothing", api)).status).toBe(401);
  });

  test("is no more than a wrong key where the stage has no pool", async () => {
    expect(errorsOf(await ask(tokenOf(), new TestApi()))).toEqual(["wrong-api-key"]);
  });
});

describe("a stage's user pool", () => {
  test("is configured by its https issuer and its client", () => {
    const stages = (users: object) => ({
      partners: [],
      stages: { dev: { kind: "dev" as const, users: { ...pool, ...users } } },
    });
    expect(defineConfig(stages({})).stages["dev"]?.users).toEqual(pool);
    for (const wrong of [{ issuer: "http://pool.example" }, { issuer: `${pool.issuer}/` }, { audience: "" }])
      expect(() => defineConfig(stages(wrong))).toThrow("stages.dev.users");
  });

  test("is what its function was deployed with, or nothing", () => {
    expect(userPoolIn(undefined)).toBeNull();
    expect(userPoolIn(JSON.stringify(pool))).toEqual(pool);
    for (const text of ["{", "{}", JSON.stringify({ ...pool, issuer: "http://pool.example" })])
      expect(() => userPoolIn(text)).toThrow(EnvironmentError);
  });
});

/** What a verifier takes that lets the token choose: the published key, used as the secret of an HMAC. */
function hs256(): string {
  const signed = `${part({ alg: "HS256", kid: "rsa+/=" })}.${part(claims)}`;
  const secret = rsa.publicKey.export({ format: "pem", type: "spki" });
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}
