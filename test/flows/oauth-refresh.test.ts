import { describe, expect, test } from "vitest";
import { callPartner } from "../../lib/flows/call-partner.ts";
import type { CallResult } from "../../lib/flows/call-partner.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { connectedGamma, gamma, gammaConnection } from "./support/gamma.ts";

const minuteMs = 60_000;

const call = (ports: Parameters<typeof callPartner>[0], nowMs: number): Promise<CallResult> =>
  callPartner(ports, {
    driver: gamma,
    connection: gammaConnection,
    request: { method: "GET", path: "/orders", query: {}, endpoint: "GET /orders" },
    lane: "imports",
    deadlineMs: nowMs + 30_000,
  });

const now = (ports: MemoryPorts): Promise<CallResult> => call(ports, ports.clock.nowMs());
const storedToken = async (ports: MemoryPorts): Promise<string | undefined> =>
  (await ports.credentials.read(gammaConnection))?.fields["refreshToken"];
const reconnects = async (ports: MemoryPorts) => {
  const connection = await ports.connections.read("gamma", gammaConnection.connectionId);
  return { status: connection?.status, reason: connection?.statusReason ?? "" };
};

describe("an OAuth connection", () => {
  test("refreshes shortly before its token ends, and not before", async () => {
    const { ports, server } = await connectedGamma();
    for (let minute = 0; minute < 49; minute++) {
      expect((await now(ports)).kind).toBe("ok");
      ports.clock.advance(minuteMs);
    }
    expect(server.rotations).toBe(0);
    ports.clock.advance(2 * minuteMs);
    expect((await now(ports)).kind).toBe("ok");
    expect(server.rotations).toBe(1);
    expect(server.isGood(await storedToken(ports))).toBe(true);
  });

  test("goes on with a token that is still good while the token endpoint is down, and does not hammer it", async () => {
    const { ports, server } = await connectedGamma();
    ports.clock.advance(51 * minuteMs);
    server.tokenDown = true;
    for (let second = 0; second < 120; second++) {
      expect((await now(ports)).kind).toBe("ok");
      ports.clock.advance(1_000);
    }
    expect(server.tokenCalls).toBeLessThan(10);
    server.tokenDown = false;
    ports.clock.advance(30 * minuteMs);
    expect((await now(ports)).kind).toBe("ok");
    expect(server.rotations).toBe(1);
  });

  test("refreshes once when a call is refused before the token's time", async () => {
    const { ports, server } = await connectedGamma();
    ports.transport.respond((request) => {
      const first = server.rotations === 0 && new URL(request.url).host === "api.gamma.example";
      return first ? { kind: "answered", status: 401, headers: {}, body: Buffer.from("{}") } : server.answer(request);
    });
    expect((await now(ports)).kind).toBe("ok");
    expect(server.rotations).toBe(1);
  });

  test("keeps its refresh token where the answer brings no new one, and an assumed end where it says none", async () => {
    const { ports, server } = await connectedGamma();
    const before = await storedToken(ports);
    server.overlay = { refresh_token: undefined, expires_in: undefined };
    ports.clock.advance(51 * minuteMs);
    expect((await now(ports)).kind).toBe("ok");
    expect(await storedToken(ports)).toBe(before);
    ports.clock.advance(45 * minuteMs);
    expect((await now(ports)).kind).toBe("ok");
    expect(server.tokenCalls).toBe(1);
  });

  test("asks once more when the answer got lost: a partner with a grace period repeats it", async () => {
    const { ports, server } = await connectedGamma();
    server.graceMs = minuteMs;
    loseAnswers(ports, server, 1);
    ports.clock.advance(51 * minuteMs);
    expect((await now(ports)).kind).toBe("ok");
    expect([server.rotations, server.tokenCalls]).toEqual([1, 2]);
    expect(server.isGood(await storedToken(ports))).toBe(true);
  });

  test("says reconnect, why and how, when the lost answer is not repeated", async () => {
    const { ports, server } = await connectedGamma();
    loseAnswers(ports, server, 1);
    ports.clock.advance(61 * minuteMs);
    expect(await now(ports)).toMatchObject({ kind: "failed", error: { code: "credential-refused" } });
    const { status, reason } = await reconnects(ports);
    expect(status).toBe("needs-reconnect");
    expect(reason).toContain("its answer got lost");
    expect(reason).toContain(`POST /api/v1/connections/${gammaConnection.connectionId}/authorize`);
  });

  test("says reconnect when the partner revoked it, and does not ask again for every call", async () => {
    const { ports, server } = await connectedGamma();
    server.revoke();
    ports.clock.advance(61 * minuteMs);
    for (let times = 0; times < 5; times++) await now(ports);
    expect(server.tokenCalls).toBe(1);
    expect(await reconnects(ports)).toMatchObject({ status: "needs-reconnect" });
  });

  test("says reconnect, why and how, when a refresh grants less of what is needed than before, and goes on calling nothing", async () => {
    const { ports, server } = await connectedGamma();
    server.overlay = { scope: "offline something.else" };
    ports.clock.advance(51 * minuteMs);
    expect(await now(ports)).toMatchObject({ kind: "failed", error: { code: "credential-refused" } });
    expect(server.apiCalls).toBe(0);
    const { status, reason } = await reconnects(ports);
    expect(status).toBe("needs-reconnect");
    expect(reason).toContain("orders.read was taken away");
    expect(reason).toContain(`POST /api/v1/connections/${gammaConnection.connectionId}/authorize`);
    // The token itself is good, and was not thrown away.
    expect(server.isGood(await storedToken(ports))).toBe(true);
  });

  test("says so after a worker stored such a token and died, through refreshes, until one grants it again", async () => {
    const { ports, server } = await connectedGamma();
    server.overlay = { scope: "offline" };
    ports.clock.advance(51 * minuteMs);
    // Whoever stores the token is the last to act: nothing is marked.
    const { compareAndSet } = ports.connections;
    ports.connections.compareAndSet = () => Promise.resolve("superseded");
    await now(ports);
    ports.connections.compareAndSet = (next) => Reflect.apply(compareAndSet, ports.connections, [next]);
    expect((await reconnects(ports)).status).toBe("active");
    ports.clock.advance(51 * minuteMs);
    expect(await now(ports)).toMatchObject({ kind: "failed", error: { code: "credential-refused" } });
    expect(server.rotations).toBe(2);
    server.overlay = {};
    ports.clock.advance(51 * minuteMs);
    const stored = await ports.connections.read("gamma", gammaConnection.connectionId);
    if (stored !== null)
      await ports.connections.compareAndSet({ ...stored, status: "active", revision: stored.revision + 1 });
    expect((await now(ports)).kind).toBe("ok");
  });

  test("goes on with what it was granted where the driver has come to need more", async () => {
    const { ports, server } = await connectedGamma();
    const used = await ports.credentials.read(gammaConnection);
    await ports.credentials.replace(gammaConnection, used, { ...used?.fields, scopes: "offline" });
    server.overlay = { scope: "offline" };
    ports.clock.advance(51 * minuteMs);
    expect((await now(ports)).kind).toBe("ok");
    expect(server.rotations).toBe(1);
  });

  test("loses nothing when it is our app that is refused: that is every connection's, and no reconnect helps", async () => {
    const { ports } = await connectedGamma();
    const app = { clientId: "gamma-client", clientSecret: "another", redirectUri: "https://sluice.example/c" };
    ports.partnerSecrets.set("gamma", { connectionKey: "key", webhookSecrets: [], app });
    ports.clock.advance(61 * minuteMs);
    expect(await now(ports)).toMatchObject({ kind: "failed", error: { kind: "auth", code: "app-refused" } });
    expect(await reconnects(ports)).toMatchObject({ status: "active" });
  });

  test("looks again before it says reconnect: what another stored meanwhile is used", async () => {
    const { ports, server } = await connectedGamma();
    ports.clock.advance(61 * minuteMs);
    ports.transport.respond(async (request) => {
      if (new URL(request.url).host !== "login.gamma.example") return server.answer(request);
      // Somebody else, whose lease has long ended, gets there first.
      const used = await ports.credentials.read(gammaConnection);
      const tokens = server.issueTokens();
      await ports.credentials.replace(gammaConnection, used, {
        accessToken: String(tokens["access_token"]),
        refreshToken: String(tokens["refresh_token"]),
        accessTokenExpiresAtMs: String(ports.clock.nowMs() + minuteMs),
      });
      return { kind: "answered", status: 400, headers: {}, body: Buffer.from('{"error":"invalid_grant"}') };
    });
    expect((await now(ports)).kind).toBe("ok");
    expect(await reconnects(ports)).toMatchObject({ status: "active" });
  });

  test("stores its token although others wrote the credential meanwhile: what counts is the token that it sent", async () => {
    const { ports, server } = await connectedGamma();
    ports.clock.advance(61 * minuteMs);
    ports.transport.respond(async (request) => {
      const answer = server.answer(request);
      const used = await ports.credentials.read(gammaConnection);
      if (used !== null)
        await ports.credentials.replace(gammaConnection, used, { ...used.fields, note: "of somebody" });
      return answer;
    });
    expect((await now(ports)).kind).toBe("ok");
    expect(server.isGood(await storedToken(ports))).toBe(true);
  });
});

function loseAnswers(
  ports: MemoryPorts,
  server: Awaited<ReturnType<typeof connectedGamma>>["server"],
  count: number,
): void {
  let left = count;
  ports.transport.respond((request) => {
    const answer = server.answer(request);
    if (new URL(request.url).host !== "login.gamma.example" || left-- <= 0) return answer;
    return { kind: "lost", reason: "timeout", detail: "no answer in time" };
  });
}
