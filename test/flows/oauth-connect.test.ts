import { describe, expect, test } from "vitest";
import { acquireRenewal } from "../../lib/flows/authorise.ts";
import { receiveCode } from "../../lib/flows/oauth/receive-code.ts";
import { jsonAnswer } from "../support/memory-ports.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { acme } from "./support/acme.ts";
import { begin, comeBack, settle } from "./support/attempt-world.ts";
import { connectedGamma, gamma, gammaConnection, gammaPorts } from "./support/gamma.ts";

const connections = async (ports: MemoryPorts) =>
  (await ports.connections.list(null, { limit: 10, cursor: null })).items;

describe("a connection that a person authorises", () => {
  test("sends the browser with PKCE, a state and the scopes", async () => {
    const { ports } = gammaPorts();
    const { url, state } = await begin(ports);
    expect(url.origin + url.pathname).toBe("https://login.gamma.example/authorize");
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      audience: "api",
      prompt: "consent",
      response_type: "code",
      scope: "orders.read offline",
      code_challenge_method: "S256",
      redirect_uri: "https://sluice.example/api/v1/oauth/gamma/callback",
    });
    expect(state).toMatch(/^[\w-]{43}$/);
    // Whoever reads the table cannot come back with what is in it.
    expect(ports.attempts.stored().join()).not.toContain(state);
  });

  test("is there, active and of its account, when the code was exchanged and the token tried", async () => {
    const { ports, server } = gammaPorts();
    const { url, attemptId } = await begin(ports);
    expect(await comeBack(ports, server, url, { realm: "realm-9" })).toEqual({ kind: "received" });
    expect(await connections(ports)).toEqual([]);
    const { status } = await settle(ports, attemptId);
    const [connection] = await connections(ports);
    expect(status).toEqual({ kind: "done", connectionId: connection?.connectionId });
    expect(connection).toMatchObject({
      tenantId: "tenant-1",
      status: "active",
      account: "realm-9",
      settings: { region: "eu" },
    });
    const stored = connection === undefined ? null : await ports.credentials.read(connection);
    expect(server.isGood(stored?.fields["refreshToken"])).toBe(true);
    expect(stored?.fields["grantedWith"]).toBeUndefined();
    expect(server.apiCalls).toBeGreaterThan(0);
    expect(ports.credentials.has({ partner: "gamma", connectionId: attemptId })).toBe(false);
  });

  test("takes a state once", async () => {
    const { ports, server } = gammaPorts();
    const { url, attemptId } = await begin(ports);
    await comeBack(ports, server, url);
    expect(await comeBack(ports, server, url)).toEqual({ kind: "refused", reason: "used" });
    await settle(ports, attemptId);
    expect(await comeBack(ports, server, url)).toEqual({ kind: "refused", reason: "used" });
    expect(await connections(ports)).toHaveLength(1);
  });

  test("takes one of two browsers that come at once", async () => {
    const { ports, server } = gammaPorts();
    const { url } = await begin(ports);
    const both = await Promise.all([comeBack(ports, server, url), comeBack(ports, server, url)]);
    expect(both.map(({ kind }) => kind).toSorted()).toEqual(["received", "refused"]);
  });

  test("refuses a state that is late, another partner's, made up or missing", async () => {
    const { ports, server } = gammaPorts();
    const { url, state } = await begin(ports);
    expect(await comeBack(ports, server, url, {}, acme)).toEqual({ kind: "refused", reason: "unknown" });
    const made = { state: `${state}x`, code: "code" };
    expect(await receiveCode(ports, acme, made)).toEqual({ kind: "refused", reason: "unknown" });
    expect(await receiveCode(ports, acme, { code: "code" })).toEqual({ kind: "refused", reason: "unknown" });
    ports.clock.advance(600_000);
    expect(await comeBack(ports, server, url)).toEqual({ kind: "refused", reason: "expired" });
  });

  test("hears a no, and makes nothing", async () => {
    const { ports, server } = gammaPorts();
    const { url, attemptId } = await begin(ports);
    expect(await comeBack(ports, server, url, { error: "access_denied" })).toEqual({ kind: "denied" });
    expect((await settle(ports, attemptId)).status).toMatchObject({ kind: "failed", code: "denied" });
  });

  test("is refused when less was granted than is needed", async () => {
    const { ports, server } = gammaPorts();
    server.overlay = { scope: "offline" };
    const { url, attemptId } = await begin(ports);
    await comeBack(ports, server, url);
    const { status } = await settle(ports, attemptId);
    expect(status).toMatchObject({ kind: "failed", code: "scopes-missing" });
    expect(JSON.stringify(status)).toContain("orders.read");
    expect(await connections(ports)).toEqual([]);
  });

  test("is not made when the partner does not take its token", async () => {
    const { ports, server } = gammaPorts();
    ports.transport.respond((request) => {
      const answer = server.answer(request);
      const isApi = new URL(request.url).host === "api.gamma.example";
      return isApi ? { kind: "answered", status: 403, headers: {}, body: Buffer.from("{}") } : answer;
    });
    const { url, attemptId } = await begin(ports);
    await comeBack(ports, server, url);
    expect((await settle(ports, attemptId)).status).toMatchObject({ kind: "failed", code: "credential-refused" });
    expect(await connections(ports)).toEqual([]);
  });

  test("is not made twice of one account", async () => {
    const { ports, server } = await connectedGamma();
    const { url, attemptId } = await begin(ports);
    await comeBack(ports, server, url);
    expect((await settle(ports, attemptId)).status).toMatchObject({ kind: "failed", code: "account-taken" });
  });

  test("is one connection, whole, or a plain failure, wherever a worker dies", async () => {
    const run = async (death: Parameters<typeof settle>[2]) => {
      const { ports, server } = gammaPorts();
      const { url, attemptId } = await begin(ports);
      await comeBack(ports, server, url, { realm: "realm-9" });
      return { ports, server, ...(await settle(ports, attemptId, death)) };
    };
    const { calls } = await run(null);
    expect(calls).toBeGreaterThan(15);
    let made = 0;
    for (const when of ["before", "after"] as const) {
      for (let atCall = 1; atCall <= calls; atCall++) {
        const { ports, server, status } = await run({ atCall, when });
        const all = await connections(ports);
        if (status.kind === "done") {
          made += 1;
          expect(all.map(({ status: each }) => each)).toEqual(["active"]);
          const stored = await ports.credentials.read(all[0] ?? gammaConnection);
          expect(server.isGood(stored?.fields["refreshToken"])).toBe(true);
          expect(all[0]?.account).toBe("realm-9");
        } else {
          // The one place where nothing can be mended: the code was taken, and what it bought died with the worker.
          expect(status).toMatchObject({ kind: "failed", code: "code-refused" });
          expect(all).toEqual([]);
        }
      }
    }
    expect(made).toBeGreaterThanOrEqual(2 * calls - 4);
  });
});

describe("a connection that is authorised again", () => {
  const wish = { kind: "replace", connectionId: gammaConnection.connectionId } as const;

  test("has new tokens and works again", async () => {
    const { ports, server } = await connectedGamma();
    server.revoke();
    const lost = { ...gammaConnection, status: "needs-reconnect", revision: 2 } as const;
    await ports.connections.compareAndSet(lost);
    const { url, attemptId } = await begin(ports, wish);
    await comeBack(ports, server, url);
    expect((await settle(ports, attemptId)).status.kind).toBe("done");
    const [connection] = await connections(ports);
    expect(connection?.status).toBe("active");
    const stored = await ports.credentials.read(gammaConnection);
    expect(server.isGood(stored?.fields["refreshToken"])).toBe(true);
  });

  test("keeps its account: another one is refused, and nothing changes", async () => {
    const { ports, server } = await connectedGamma();
    const before = await ports.credentials.read(gammaConnection);
    server.realm = "realm-of-somebody-else";
    const { url, attemptId } = await begin(ports, wish);
    await comeBack(ports, server, url);
    expect((await settle(ports, attemptId)).status).toMatchObject({ kind: "failed", code: "other-account" });
    expect(await ports.credentials.read(gammaConnection)).toEqual(before);
  });
});

describe("a connection that is authorised again while its tokens are renewed", () => {
  const wish = { kind: "replace", connectionId: gammaConnection.connectionId } as const;
  const refreshTokenOf = async (ports: MemoryPorts) =>
    (await ports.credentials.read(gammaConnection, { fresh: true }))?.fields["refreshToken"];

  test("has a refresh token put back that is good, whenever it was renewed", async () => {
    const { ports, server } = await connectedGamma();
    const { url, attemptId } = await begin(ports, wish);
    await comeBack(ports, server, url);
    const { overwrite, replace } = ports.credentials;
    let renewed: string | undefined;
    // Right after the candidate was tried, a worker renews what there is; right after the candidate is stored, it is refused.
    ports.credentials.overwrite = async (owner, next) => {
      await Reflect.apply(overwrite, ports.credentials, [owner, next]);
      if (renewed !== undefined || !owner.connectionId.endsWith("-former")) return;
      const used = await ports.credentials.read(gammaConnection, { fresh: true });
      renewed = server.renew(used?.fields["refreshToken"] ?? "");
      await Reflect.apply(replace, ports.credentials, [
        gammaConnection,
        used,
        { ...used?.fields, refreshToken: renewed },
      ]);
    };
    ports.credentials.replace = async (...args) => {
      const stored = await Reflect.apply(replace, ports.credentials, args);
      if (args[2]["attempt"] !== undefined)
        ports.transport.respond((request) =>
          new URL(request.url).host === "login.gamma.example" ? server.answer(request) : jsonAnswer(403, {}),
        );
      return stored;
    };
    expect((await settle(ports, attemptId)).status).toMatchObject({ kind: "failed", code: "not-verified" });
    expect(await refreshTokenOf(ports)).toBe(renewed);
    expect(server.isGood(await refreshTokenOf(ports))).toBe(true);
  });

  test("waits for whoever is renewing them", async () => {
    const { ports, server } = await connectedGamma();
    const before = await refreshTokenOf(ports);
    const lease = await acquireRenewal(ports, gamma, gammaConnection, "authorization-code");
    const { url, attemptId } = await begin(ports, wish);
    await comeBack(ports, server, url);
    const { replace } = ports.credentials;
    let storedAtMs = 0;
    ports.credentials.replace = (...args) => {
      if (args[2]["attempt"] !== undefined) storedAtMs = ports.clock.nowMs();
      return Reflect.apply(replace, ports.credentials, args);
    };
    expect((await settle(ports, attemptId)).status.kind).toBe("done");
    expect(lease.kind === "leased" && storedAtMs >= lease.expiresAtMs).toBe(true);
    expect(await refreshTokenOf(ports)).not.toBe(before);
  });
});

describe("a partner that has its accounts in its paths", () => {
  const placed = { ...gamma, baseUrl: "https://api.gamma.example/v1/{account}" };
  const calledPaths = (ports: MemoryPorts) =>
    ports.transport.requests.map(({ url }) => new URL(url)).filter(({ host }) => host === "api.gamma.example");

  function placedPorts() {
    const { ports, server } = gammaPorts();
    return { ports: { ...ports, partners: { find: () => placed, all: () => [placed] } }, server };
  }

  test("has a token tried at the account's own", async () => {
    const { ports, server } = placedPorts();
    const { url, attemptId } = await begin(ports);
    await comeBack(ports, server, url, { realm: "realm-9" });
    expect((await settle(ports, attemptId)).status.kind).toBe("done");
    const paths = calledPaths(ports).map(({ pathname }) => pathname);
    expect(paths.length).toBeGreaterThan(0);
    expect(paths.filter((path) => !path.startsWith("/v1/realm-9/"))).toEqual([]);
  });

  test("is not asked for another account with a connection's token, nor for none", async () => {
    const { ports, server } = placedPorts();
    await ports.connections.create(gammaConnection);
    const wish = { kind: "replace", connectionId: gammaConnection.connectionId } as const;
    const { url, attemptId } = await begin(ports, wish);
    await comeBack(ports, server, url, { realm: "realm-of-somebody-else" });
    expect((await settle(ports, attemptId)).status).toMatchObject({ kind: "failed", code: "other-account" });

    server.overlay = { realm: undefined };
    const unnamed = await begin(ports);
    await comeBack(ports, server, unnamed.url);
    expect((await settle(ports, unnamed.attemptId)).status).toMatchObject({ kind: "failed", code: "account-missing" });
    expect(calledPaths(ports)).toEqual([]);
  });
});
