import * as z from "zod";
import { describe, expect, test } from "vitest";
import { definePartner } from "../../../lib/engine/define-partner.ts";
import { changed } from "../../../lib/engine/control.ts";
import type { BreakerState } from "../../../lib/engine/breaker.ts";
import { callPartner } from "../../../lib/flows/call-partner.ts";
import type { PartnerCall } from "../../../lib/flows/call-partner.ts";
import { changeControl } from "../../../lib/flows/change-control.ts";
import { jsonAnswer } from "../../support/memory-ports.ts";
import type { MemoryPorts } from "../../support/memory-ports.ts";
import { acme, AcmeServer, connectedPorts, connection, connectionId } from "../support/acme.ts";

function callFor(ports: MemoryPorts, probe = false): PartnerCall {
  const request = { method: "GET", path: "/orders/order-1", query: {}, endpoint: "GET /orders/{id}" } as const;
  const deadlineMs = ports.clock.nowMs() + 30_000;
  return { driver: acme, connection, request, lane: "webhooks", deadlineMs, ...(probe && { probe }) };
}

async function openBreaker(ports: MemoryPorts, of: string | null, untilMs: number): Promise<void> {
  const breaker: BreakerState = { kind: "open", opened: 1, sinceMs: untilMs - 30_000, untilMs };
  await changeControl(ports, { partner: "acme", connectionId: of }, (control) => changed(control, { breaker }));
  if (of !== null)
    await changeControl(ports, { partner: "acme", connectionId: null }, (control) =>
      changed(control, { connectionsHeld: true }),
    );
}

describe("while all is well", () => {
  test("a call costs no write, whatever the partner answers that is no outage", async () => {
    const ports = await connectedPorts(new AcmeServer(2));
    for (let index = 0; index < 50; index++) await callPartner(ports, callFor(ports));
    for (const status of [400, 403, 404, 409, 429]) {
      ports.transport.respond(() => jsonAnswer(status, {}));
      for (let index = 0; index < 30; index++) await callPartner(ports, callFor(ports));
    }
    expect(ports.control.writes).toBe(0);
    expect((await ports.connections.read("acme", connectionId))?.status).toBe("active");
  });
});

describe("while the partner's breaker is open", () => {
  test("nothing is sent, though its time is over: only who was admitted probes", async () => {
    const ports = await connectedPorts(new AcmeServer(2));
    await openBreaker(ports, null, ports.clock.nowMs());
    const held = await callPartner(ports, callFor(ports));
    expect(held).toMatchObject({ kind: "wait", reason: "breaker" });
    expect(held.kind === "wait" && held.untilMs).toBeGreaterThan(ports.clock.nowMs());
    expect(ports.transport.requests).toEqual([]);
    expect(await callPartner(ports, callFor(ports, true))).toMatchObject({ kind: "ok" });
  });
});

describe("a partner that is closed off while a call is on its way", () => {
  test.each([
    ["long", 6_000, []],
    ["a moment", 1_000, ["/orders/order-1"]],
  ])("is not called by what reads of ours held up for %s", async (_, heldUpMs, called) => {
    const ports = await connectedPorts(new AcmeServer(2));
    const read = ports.credentials.read.bind(ports.credentials);
    ports.credentials.read = async (...of) => {
      await openBreaker(ports, null, ports.clock.nowMs() + 30_000);
      ports.clock.advance(heldUpMs);
      return read(...of);
    };
    const result = await callPartner(ports, callFor(ports));
    expect(result).toMatchObject(called.length > 0 ? { kind: "ok" } : { kind: "wait", reason: "breaker" });
    expect(ports.transport.requests.map(({ url }) => new URL(url).pathname.replace("/v1", ""))).toEqual(called);
  });
});

describe("while a connection's breaker is open", () => {
  test("of many who come when its time is over, one probes", async () => {
    const ports = await connectedPorts(new AcmeServer(2));
    await openBreaker(ports, connectionId, ports.clock.nowMs());
    const results = await Promise.all(Array.from({ length: 8 }, () => callPartner(ports, callFor(ports))));
    expect(ports.transport.requests).toHaveLength(1);
    expect(results.filter(({ kind }) => kind === "wait")).toHaveLength(7);
    expect(await callPartner(ports, callFor(ports))).toMatchObject({ kind: "ok" });
  });

  test("a probe that fails reopens it for longer, and the next is a while away", async () => {
    const ports = await connectedPorts(new AcmeServer(2));
    await openBreaker(ports, connectionId, ports.clock.nowMs());
    ports.transport.respond(() => jsonAnswer(500, {}));
    await callPartner(ports, callFor(ports));
    const { breaker } = await ports.control.read("acme", connectionId);
    expect(breaker).toMatchObject({ kind: "open", opened: 2 });
    ports.clock.advance(20_000);
    expect(await callPartner(ports, callFor(ports))).toMatchObject({ kind: "wait", reason: "connection-breaker" });
    expect(ports.transport.requests).toHaveLength(1);
  });
});

test("a store that loses every write keeps nobody from calling", async () => {
  const ports = await connectedPorts(new AcmeServer(2));
  ports.control.compareAndSet = async () => "superseded";
  ports.transport.respond(() => jsonAnswer(500, {}));
  for (let index = 0; index < 40; index++)
    expect(await callPartner(ports, callFor(ports))).toMatchObject({ kind: "failed", error: { kind: "transient" } });
});

describe("a client id and secret", () => {
  const tokenAcme = definePartner({
    ...acme,
    auth: {
      kind: "client-credentials",
      tokenUrl: "https://api.acme.example/token",
      parameters: {},
      tokensPerDay: null,
      credential: z.strictObject({ clientId: z.string(), clientSecret: z.string() }),
    },
  });

  async function statusAfter(status: number, body: unknown): Promise<string | undefined> {
    const ports = await connectedPorts(new AcmeServer(2));
    await ports.credentials.overwrite(connection, { clientId: "id", clientSecret: "secret" });
    ports.transport.respond(() => jsonAnswer(status, body));
    await callPartner(ports, { ...callFor(ports), driver: tokenAcme });
    return (await ports.connections.read("acme", connectionId))?.status;
  }

  // https://www.rfc-editor.org/rfc/rfc6749#section-5.2
  test.each([
    [400, { error: "invalid_client" }, "needs-reconnect"],
    [400, { error: "invalid_grant" }, "needs-reconnect"],
    [401, {}, "needs-reconnect"],
    [400, { error: "invalid_scope" }, "active"],
    [403, {}, "active"],
    [500, {}, "active"],
  ])("for which no token is given (%i %j) leave the connection %s", async (status, body, expected) => {
    expect(await statusAfter(status, body)).toBe(expected);
  });
});

test("a refusal of one thing is no revoked key: the connection stays as it is", async () => {
  const ports = await connectedPorts(new AcmeServer(2));
  ports.transport.respond(() => jsonAnswer(403, {}));
  expect(await callPartner(ports, callFor(ports))).toMatchObject({ kind: "failed", error: { kind: "auth" } });
  expect(ports.transport.requests).toHaveLength(1);
  expect((await ports.connections.read("acme", connectionId))?.status).toBe("active");
});
