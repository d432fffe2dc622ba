import { describe, expect, test } from "vitest";
import type { PartnerDriver } from "../../lib/engine/define-partner.ts";
import type { OutboundAnswer, OutboundRequest } from "../../lib/engine/ports.ts";
import { consumeJob } from "../../lib/flows/consume-job.ts";
import { beginReplacement } from "../../lib/flows/oauth/begin-attempt.ts";
import { createMemoryPorts, jsonAnswer } from "../support/memory-ports.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { TestApi } from "./api/support/api.ts";
import { actor } from "./support/attempt-world.ts";
import { gamma, gammaApp, gammaConnection } from "./support/gamma.ts";

const revokeUrl = "https://login.gamma.example/revoke";
const path = `/connections/${gammaConnection.connectionId}`;
const removal = { data: { removed: true } };
const waiting = { status: 202, data: { removed: false, remaining: { why: "token-in-use" } } };

/** Gamma, where tokens are given back, and a connection that has one. */
async function world(answer: (request: OutboundRequest) => OutboundAnswer, as: "form" | "json" = "form") {
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

describe("a connection that is given another token while the former one is being given back", () => {
  const tokensGivenBack = (ports: MemoryPorts) =>
    ports.transport.requests
      .filter(({ url }) => url === revokeUrl)
      .map(({ body }) => new URLSearchParams(body ?? "").get("token"));
  const next = {
    refreshToken: "gamma-refresh-of-the-next",
    accessToken: "gamma-access-of-the-next",
    accessTokenExpiresAtMs: String(Number.MAX_SAFE_INTEGER),
  };
  const authoriseAgain = async (ports: MemoryPorts) => {
    const attempt = await beginReplacement(ports, gammaConnection, next, actor);
    for (let times = 0; times < 5; times++) await work(ports);
    expect((await ports.attempts.read("gamma", attempt.attemptId))?.status.kind).toBe("done");
  };

  test("keeps it: a late try gives back no other than was meant", async () => {
    let isDown = true;
    const { ports, api } = await world(({ url }) =>
      url === revokeUrl && isDown ? jsonAnswer(503, {}) : jsonAnswer(200, { items: [], next: null }),
    );
    await api.call("DELETE", path);
    await work(ports);
    expect(tokensGivenBack(ports)).toEqual(["gamma-refresh-of-tests"]);
    // The job is on its way again when the person changes their mind.
    const late = ports.lanes.messages.map(({ job }) => job);
    await authoriseAgain(ports);
    isDown = false;
    for (const job of late) await ports.lanes.send(job, 0);
    for (let times = 0; times < 50; times++) await work(ports);
    expect(tokensGivenBack(ports)).not.toContain("gamma-refresh-of-the-next");
    expect((await ports.credentials.read(gammaConnection))?.fields["refreshToken"]).toBe("gamma-refresh-of-the-next");
  });

  test.each(["before", "after"])(
    "keeps it, stored right %s the worker looks whether it is still to do so",
    async (when) => {
      const { ports, api } = await world(() => jsonAnswer(200, { items: [], next: null }));
      await api.call("DELETE", path);
      const { readNote } = ports.connections;
      let looks = 0;
      ports.connections.readNote = async (...args) => {
        const isFirst = looks++ === 0;
        if (isFirst && when === "before") await authoriseAgain(ports);
        const note = await Reflect.apply(readNote, ports.connections, args);
        if (isFirst && when === "after") await authoriseAgain(ports);
        return note;
      };
      await work(ports);
      expect(looks).toBeGreaterThan(1);
      expect(tokensGivenBack(ports)).toEqual(when === "before" ? [] : ["gamma-refresh-of-tests"]);
    },
  );

  test("gives that one back, too, when it is removed later", async () => {
    const { ports, api } = await world(() => jsonAnswer(200, { items: [], next: null }));
    await api.call("DELETE", path);
    await work(ports);
    await authoriseAgain(ports);
    expect(await api.call("DELETE", path)).toMatchObject(waiting);
    await work(ports);
    expect(tokensGivenBack(ports)).toEqual(["gamma-refresh-of-tests", "gamma-refresh-of-the-next"]);
    expect(await api.call("DELETE", path)).toMatchObject(removal);
  });

  test("is asked about anew after it was made active again", async () => {
    const { ports, api } = await world(() => jsonAnswer(200, { items: [], next: null }));
    await api.call("DELETE", path);
    await work(ports);
    const change = { status: "active", credential: { refreshToken: "gamma-refresh-of-the-next" } };
    expect((await api.call("PATCH", path, { body: change })).status).toBe(200);
    expect(await api.call("DELETE", path)).toMatchObject(waiting);
    await work(ports);
    expect(tokensGivenBack(ports)).toEqual(["gamma-refresh-of-tests", "gamma-refresh-of-the-next"]);
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
