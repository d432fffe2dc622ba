import { describe, expect, test } from "vitest";
import { ExpiringCache } from "../../lib/aws/expiring-cache.ts";
import { freshSecretMs, secretCacheBounds } from "../../lib/aws/partner-secret.ts";
import { makeConnectionId } from "../../lib/engine/connection-id.ts";
import type { PartnerSecret } from "../../lib/engine/ports.ts";
import { seal } from "../../lib/engine/seal.ts";
import { callPartner } from "../../lib/flows/call-partner.ts";
import { ingestWebhook } from "../../lib/flows/ingest-webhook.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { AcmeServer, connectedPorts, connection } from "./support/acme.ts";
import { begin, comeBack, settle } from "./support/attempt-world.ts";
import { connectedGamma, gamma, gammaApp, gammaConnection, gammaPorts } from "./support/gamma.ts";

const key = "key-of-the-tests";

/** Puts a cache like the real ports' before a partner's secret, and counts the calls that get through. */
function cached(ports: MemoryPorts): { readonly calls: () => number } {
  const cache = new ExpiringCache<PartnerSecret>(ports.clock, secretCacheBounds);
  const read = ports.partnerSecrets.read.bind(ports.partnerSecrets);
  let calls = 0;
  ports.partnerSecrets.read = async (partner: string, options?: { readonly fresh: boolean }) => {
    const kept = cache.get(partner, options?.fresh === true ? freshSecretMs : undefined);
    if (kept !== undefined) return kept;
    calls++;
    const secret = await read(partner);
    if (secret !== null) cache.set(partner, secret);
    return secret;
  };
  return { calls: () => calls };
}

describe("an app's secret that was rotated", () => {
  const oldApp = { ...gammaApp, clientSecret: "the-secret-before" };
  const secretWith = (app: PartnerSecret["app"]): PartnerSecret => ({ connectionKey: key, webhookSecrets: [], app });
  const call = (ports: MemoryPorts) =>
    callPartner(ports, {
      driver: gamma,
      connection: gammaConnection,
      request: { method: "GET", path: "/orders", query: {}, endpoint: "GET /orders" },
      lane: "imports",
      deadlineMs: ports.clock.nowMs() + 30_000,
    });

  test("is taken up by the refresh that it is refused in, without a cold start", async () => {
    const { ports, server } = await connectedGamma();
    const secrets = cached(ports);
    ports.clock.advance(61 * 60_000);
    ports.partnerSecrets.set("gamma", secretWith(oldApp));
    await ports.partnerSecrets.read("gamma");
    ports.partnerSecrets.set("gamma", secretWith(gammaApp));
    ports.clock.advance(freshSecretMs);
    expect((await call(ports)).kind).toBe("ok");
    expect([server.tokenCalls, server.rotations, secrets.calls()]).toEqual([2, 1, 2]);
  });

  test("is read again at most every ten seconds, however many calls are refused", async () => {
    const { ports, server } = await connectedGamma();
    ports.partnerSecrets.set("gamma", secretWith(oldApp));
    const secrets = cached(ports);
    ports.clock.advance(61 * 60_000);
    for (let times = 0; times < 20; times++) {
      expect((await call(ports)).kind).not.toBe("ok");
      ports.clock.advance(1_000);
    }
    expect(secrets.calls()).toBeLessThanOrEqual(3);
    // The same secret is no reason to ask the partner twice: a call of ours, a call of theirs.
    expect(server.tokenCalls).toBeGreaterThan(0);
    expect(server.tokenCalls).toBeLessThanOrEqual(20);
  });

  test("costs nobody the code that came with the old one", async () => {
    const { ports, server } = gammaPorts();
    cached(ports);
    const connectionKey = "gamma-connection-key-of-the-tests";
    ports.partnerSecrets.set("gamma", { connectionKey, webhookSecrets: [], app: oldApp });
    const { url, attemptId } = await begin(ports);
    await comeBack(ports, server, url);
    ports.partnerSecrets.set("gamma", { connectionKey, webhookSecrets: [], app: gammaApp });
    ports.clock.advance(freshSecretMs);
    expect((await settle(ports, attemptId)).status).toMatchObject({ kind: "done" });
  });
});

describe("a webhook secret that was rotated", () => {
  const post = (word: string, connectionId: string | null = null) => ({
    partner: "acme",
    connectionId,
    headers: { "x-acme-word": word, "content-type": "application/json" },
    rawBody: new TextEncoder().encode(JSON.stringify({ account: "acct-1", touched: ["order-1"] })),
    url: "https://hooks.example/webhooks/acme",
    method: "POST",
    trace: "trace-1",
  });
  const secretWith = (...webhookSecrets: string[]): PartnerSecret => ({ connectionKey: key, webhookSecrets, app: {} });

  test("is taken up by the first post that it signed, and the former one goes with it", async () => {
    const ports = await connectedPorts(new AcmeServer(1));
    const secrets = cached(ports);
    ports.partnerSecrets.set("acme", secretWith("old-word"));
    expect((await ingestWebhook(ports, post("old-word"))).status).toBe(202);
    ports.partnerSecrets.set("acme", secretWith("new-word"));
    ports.clock.advance(freshSecretMs);
    expect((await ingestWebhook(ports, post("new-word"))).status).toBe(202);
    expect((await ingestWebhook(ports, post("old-word"))).status).toBe(401);
    expect(secrets.calls()).toBe(2);
  });

  test("is not looked for more than once in ten seconds, whoever posts", async () => {
    const ports = await connectedPorts(new AcmeServer(1));
    const secrets = cached(ports);
    ports.partnerSecrets.set("acme", secretWith("word"));
    for (let times = 0; times < 600; times++) {
      expect((await ingestWebhook(ports, post(`guess-${times}`))).status).toBe(401);
      ports.clock.advance(100);
    }
    expect(secrets.calls()).toBeGreaterThan(1);
    expect(secrets.calls()).toBeLessThanOrEqual(7);
  });

  test("is no reason for an error where the store is down: the post is refused as it was", async () => {
    const ports = await connectedPorts(new AcmeServer(1));
    const read = ports.partnerSecrets.read.bind(ports.partnerSecrets);
    ports.partnerSecrets.read = async (partner: string, options?: { readonly fresh: boolean }) => {
      if (options?.fresh === true) throw new Error("Secrets Manager is down");
      return read(partner);
    };
    expect((await ingestWebhook(ports, post("a guess"))).status).toBe(401);
  });

  test("of a connection's own is taken up in the same way", async () => {
    const ports = await connectedPorts(new AcmeServer(1));
    const connectionId = makeConnectionId("acme", key, ports.random);
    const sealed = (word: string): string => seal(word, key, `acme#${connectionId}`);
    const own = { ...connection, connectionId, account: null, sealedWebhookSecret: sealed("old-word") };
    await ports.connections.create(own);
    const stale = { ...own };
    const stored = ports.connections.read.bind(ports.connections);
    ports.connections.read = async (partner: string, id: string, options?: { readonly fresh: boolean }) =>
      options?.fresh === true ? stored(partner, id) : stale;
    await ports.connections.compareAndSet({
      ...own,
      sealedWebhookSecret: sealed("new-word"),
      revision: own.revision + 1,
    });
    expect((await ingestWebhook(ports, post("new-word", connectionId))).status).toBe(202);
    expect((await ingestWebhook(ports, post("another", connectionId))).status).toBe(401);
  });
});
