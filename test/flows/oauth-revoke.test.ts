import { describe, expect, test } from "vitest";
import type { PartnerDriver } from "../../lib/engine/define-partner.ts";
import type { OutboundAnswer } from "../../lib/engine/ports.ts";
import { consumeJob } from "../../lib/flows/consume-job.ts";
import { createMemoryPorts, jsonAnswer } from "../support/memory-ports.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { TestApi } from "./api/support/api.ts";
import { gamma, gammaApp, gammaConnection } from "./support/gamma.ts";

const revokeUrl = "https://login.gamma.example/revoke";
const path = `/connections/${gammaConnection.connectionId}`;
const removal = { data: { removed: true } };
const waiting = { status: 202, data: { removed: false, remaining: { why: "token-in-use" } } };

/** Gamma, where tokens are given back, and a connection that has one. */
async function world(answer: () => OutboundAnswer, as: "form" | "json" = "form") {
  if (gamma.auth.kind !== "authorization-code") throw new Error("gamma is connected by a code");
  const driver: PartnerDriver = { ...gamma, auth: { ...gamma.auth, revokeUrl, revokesAs: as } };
  const ports = createMemoryPorts({
    partners: [driver],
    secrets: { gamma: { connectionKey: "gamma-connection-key-of-the-tests", webhookSecrets: [], app: gammaApp } },
  });
  ports.transport.respond(answer);
  await ports.connections.create(gammaConnection);
  const credential = { refreshToken: "gamma-refresh-of-tests", accessToken: "gamma-access-of-tests" };
  await ports.credentials.replace(gammaConnection, null, credential);
  return { ports, api: new TestApi(ports) };
}

async function work(ports: MemoryPorts): Promise<void> {
  ports.clock.advance(2_000);
  for (const job of ports.lanes.take("webhooks", ports.clock.nowMs()))
    await consumeJob(ports, job, { workerId: "worker", deadlineMs: ports.clock.nowMs() + 25_000 });
}

describe("a connection that is removed", () => {
  test("has its refresh token given back first, as RFC 7009 has it, and then goes", async () => {
    const { ports, api } = await world(() => jsonAnswer(200, {}));
    expect(await api.call("DELETE", path)).toMatchObject(waiting);
    // The API itself has called nobody.
    expect(ports.transport.requests).toEqual([]);
    await work(ports);
    const [request, ...others] = ports.transport.requests;
    expect(others).toEqual([]);
    expect([request?.method, request?.url, request?.headers["content-type"]]).toEqual([
      "POST",
      revokeUrl,
      "application/x-www-form-urlencoded",
    ]);
    expect(Object.fromEntries(new URLSearchParams(request?.body ?? ""))).toEqual({ token: "gamma-refresh-of-tests" });
    expect(request?.headers["authorization"]).toMatch(/^Basic /);
    expect(await api.call("DELETE", path)).toMatchObject(removal);
    // Whatever was sent twice finds nothing, and calls nobody.
    await work(ports);
    expect(ports.transport.requests).toHaveLength(1);
    expect(ports.credentials.has(gammaConnection)).toBe(false);
  });

  test("names it in JSON where the partner wants that", async () => {
    const { ports, api } = await world(() => jsonAnswer(200, {}), "json");
    await api.call("DELETE", path);
    await work(ports);
    const [request] = ports.transport.requests;
    expect([request?.headers["content-type"], request?.body]).toEqual([
      "application/json",
      JSON.stringify({ token: "gamma-refresh-of-tests" }),
    ]);
  });

  test.each([
    ["knows it no more", 400],
    ["does not let us", 403],
  ])("goes where the partner %s, asked once", async (_what, status) => {
    const { ports, api } = await world(() => jsonAnswer(status, { error: "invalid_token" }));
    await api.call("DELETE", path);
    await work(ports);
    expect(await api.call("DELETE", path)).toMatchObject(removal);
    expect(ports.transport.requests).toHaveLength(1);
  });

  test("goes within a minute where the partner does not answer", async () => {
    const { ports, api } = await world(() => ({ kind: "lost", reason: "timeout", detail: "no answer in time" }));
    const beganMs = ports.clock.nowMs();
    let answer = await api.call("DELETE", path);
    for (let asked = 0; asked < 100 && answer.status === 202; asked++) {
      await work(ports);
      answer = await api.call("DELETE", path);
    }
    expect(answer).toMatchObject(removal);
    expect(ports.clock.nowMs() - beganMs).toBe(60_000);
    expect(ports.transport.requests.length).toBeGreaterThan(1);
  });

  test("goes at once where tokens are not given back", async () => {
    const { ports, api } = await world(() => jsonAnswer(500, {}));
    const other = new TestApi({ ...ports, partners: { find: () => gamma, all: () => [gamma] } });
    expect(await other.call("DELETE", path)).toMatchObject(removal);
    expect((await api.call("GET", path)).status).toBe(404);
  });
});

test("a token is given back by nobody who was not asked to", async () => {
  const { ports } = await world(() => jsonAnswer(200, {}));
  await ports.lanes.send(
    {
      version: 1,
      id: "revocation-of-nobody",
      partner: "gamma",
      connectionId: gammaConnection.connectionId,
      lane: "webhooks",
      attempts: 0,
      hops: 0,
      createdAtMs: ports.clock.nowMs(),
      expiresAtMs: ports.clock.nowMs() + 60_000,
      trace: "trace",
      replayOf: null,
      work: { kind: "revoke-credential" },
    },
    0,
  );
  await work(ports);
  expect(ports.transport.requests).toEqual([]);
});

test("a connection that is erased has it given back while there is something left to know it by", async () => {
  const { ports, api } = await world(() => jsonAnswer(200, {}));
  const erased = await api.call("POST", `${path}/erase`);
  expect(erased).toMatchObject({ status: 202, data: { done: false, why: "workers-ending" } });
  await work(ports);
  expect(ports.transport.requests.map(({ url }) => url)).toEqual([revokeUrl]);
});
