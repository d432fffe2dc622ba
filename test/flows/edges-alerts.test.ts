import { describe, expect, test } from "vitest";
import * as z from "zod";
import { definePartner } from "../../lib/engine/define-partner.ts";
import type { PartnerDriver } from "../../lib/engine/define-partner.ts";
import type { Connection } from "../../lib/engine/ports.ts";
import { callPartner } from "../../lib/flows/call-partner.ts";
import { consumeJob } from "../../lib/flows/consume-job.ts";
import { createMemoryPorts, jsonAnswer } from "../support/memory-ports.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { webhookJob } from "../support/port-values.ts";
import { acme, connection } from "./support/acme.ts";
import { connectedGamma, gamma, gammaConnection } from "./support/gamma.ts";
import { TestApi } from "./api/support/api.ts";

/** What is counted where a connection meets its partner, and rings. */
const hourMs = 3_600_000;
const dayMs = 86_400_000;

const tokenAcme = (tokensPerDay: number | null): PartnerDriver =>
  definePartner({
    ...acme,
    auth: {
      kind: "client-credentials",
      tokenUrl: "https://api.acme.example/token",
      parameters: {},
      tokensPerDay,
      credential: z.strictObject({ clientId: z.string(), clientSecret: z.string() }),
    },
  });

const call = (ports: MemoryPorts, driver: PartnerDriver, of: Connection) =>
  callPartner(ports, {
    driver,
    connection: of,
    request: { method: "GET", path: "/orders", query: {}, endpoint: "GET /orders" },
    lane: "imports",
    deadlineMs: ports.clock.nowMs() + 30_000,
  });

const alerts = ({ metrics }: MemoryPorts) => [
  metrics.total("TokensRenewedTooOften"),
  metrics.total("CredentialAlerts"),
];

describe("a token", () => {
  test("of client credentials that is refused again and again long before its end rings", async () => {
    const driver = tokenAcme(null);
    const ports = createMemoryPorts({ partners: [driver] });
    let isRefused = false;
    ports.transport.respond(({ url }) => {
      if (new URL(url).pathname === "/token")
        return jsonAnswer(200, { access_token: `t-${ports.random.id()}`, token_type: "Bearer", expires_in: 3_600 });
      isRefused = !isRefused;
      return isRefused ? jsonAnswer(403, {}) : jsonAnswer(200, { items: [], next: null });
    });
    await ports.credentials.replace(connection, null, { clientId: "id", clientSecret: "secret" });
    for (let hour = 0; hour < 24; hour++) {
      expect((await call(ports, driver, connection)).kind).toBe("ok");
      ports.clock.advance(hourMs);
    }
    expect(alerts(ports)).toEqual([0, 0]);
    for (let tries = 0; tries < 40; tries++) {
      await call(ports, driver, connection);
      ports.clock.advance(60_000);
    }
    const [often = 0, rung = 0] = alerts(ports);
    expect(often).toBeGreaterThan(10);
    expect(rung).toBe(often);
  });

  test("of which a partner gives no more today rings", async () => {
    const driver = tokenAcme(1);
    const ports = createMemoryPorts({ partners: [driver] });
    await ports.credentials.replace(connection, null, {
      clientId: "id",
      clientSecret: "secret",
      mintedAtMs: String(ports.clock.nowMs() - hourMs),
    });
    expect(await call(ports, driver, connection)).toMatchObject({ kind: "wait", reason: "token-limit" });
    expect(alerts(ports)).toEqual([0, 1]);
  });

  test("of a person's yes that is renewed as its life says rings nothing, and more often it does", async () => {
    const { ports, server } = await connectedGamma();
    for (let minutes = 0; minutes < 2 * 24 * 60; minutes += 30) {
      await call(ports, gamma, gammaConnection);
      ports.clock.advance(30 * 60_000);
    }
    expect(server.rotations).toBeGreaterThan(30);
    expect(alerts(ports)).toEqual([0, 0]);
    server.overlay = { expires_in: 86_400 };
    for (let hours = 0; hours < 3; hours++) {
      ports.clock.advance(hourMs);
      await call(ports, gamma, gammaConnection);
    }
    // Of a day's life the day before had far too many renewals.
    expect(alerts(ports)[0]).toBeGreaterThan(0);
  });
});

describe("a webhook that is given up", () => {
  const { partner, connectionId } = connection;
  const giveUp = async (changes: Parameters<typeof webhookJob>[1]) => {
    const ports = createMemoryPorts({ partners: [acme] });
    await ports.connections.create(connection);
    ports.transport.respond(() => jsonAnswer(400, {}));
    const body = { kind: "text" as const, text: JSON.stringify({ touched: ["order-1"] }) };
    const work = { kind: "webhook" as const, receivedAtMs: 0, contentType: "application/json", body };
    const job = webhookJob({ partner, connectionId }, { work, ...changes });
    await ports.credentials.overwrite(connection, { apiKey: "key" });
    await consumeJob(ports, job, { workerId: "worker", deadlineMs: ports.clock.nowMs() + 30_000 });
    expect(ports.lanes.givenUp).toHaveLength(1);
    return ports.metrics.counts.filter(({ name }) => name === "WebhooksFailed");
  };

  test("is counted beside what was received, by the partner alone, and once: a replay was received before", async () => {
    expect(await giveUp({})).toEqual([{ name: "WebhooksFailed", value: 1, dimensions: { partner } }]);
    expect(await giveUp({ replayOf: "failure-1" })).toEqual([]);
    const refresh = { kind: "refresh" as const, resource: "orders", externalId: "order-1" };
    expect(await giveUp({ work: refresh })).toEqual([]);
  });
});

test("the status says of a partner how many registrations fail and how many credentials end", async () => {
  const api = new TestApi();
  const of = async () => {
    const { partners } = z
      .looseObject({ partners: z.array(z.looseObject({ partner: z.string() })) })
      .parse((await api.call("GET", "/status")).data);
    return partners.find(({ partner }) => partner === "acme");
  };
  const id = await api.connect({ credentialExpiresAt: new Date(api.ports.clock.nowMs() + 20 * dayMs).toISOString() });
  expect(await of()).toMatchObject({ health: "healthy", webhooksFailing: 0, credentialsEnding: 0 });
  await api.call("POST", `/connections/${id}/webhooks`, { body: {} });
  api.ports.transport.respond(() => jsonAnswer(400, {}));
  const nowMs = api.ports.clock.nowMs();
  for (const job of api.ports.lanes.take("webhooks", nowMs))
    await consumeJob(api.ports, job, { workerId: "worker", deadlineMs: nowMs + 30_000 });
  api.ports.clock.advance(7 * dayMs);
  const standing = await of();
  expect(standing).toMatchObject({ health: "degraded", webhooksFailing: 1, credentialsEnding: 1 });
  expect(standing?.["why"]).toEqual(
    expect.arrayContaining([
      "1 connection whose webhooks cannot be registered",
      "1 credential that ended or will within two weeks",
    ]),
  );
});
