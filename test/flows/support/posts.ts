import * as z from "zod";
import { definePartner, webhook } from "../../../lib/engine/define-partner.ts";
import type { PartnerDriver, WebhookDriver } from "../../../lib/engine/define-partner.ts";
import type { Connection } from "../../../lib/engine/ports.ts";
import { ingestWebhook } from "../../../lib/flows/ingest-webhook.ts";
import type { WebhookAnswer, WebhookRequest } from "../../../lib/flows/ingest-webhook.ts";
import { createMemoryPorts, jsonAnswer } from "../../support/memory-ports.ts";
import type { MemoryPorts } from "../../support/memory-ports.ts";
import { acme, AcmeServer, connection } from "./acme.ts";

/** Acme as a partner whose one post holds the events of many accounts, as QuickBooks' does of realms; no time is signed. */
const Post = z.strictObject({
  id: z.string(),
  events: z.array(z.strictObject({ account: z.string(), order: z.string() })),
});

const acmeVerify: WebhookDriver["verify"] = acme.webhook?.verify ?? (() => ({ ok: false, reason: "no-secret" }));

export const postsWebhook = webhook({
  verify: acmeVerify,
  schema: Post,
  isReplayable: true,
  dedupeKey: (post) => post.id,
  split: (post) =>
    [...Map.groupBy(post.events, ({ account }) => account)].map(([account, events]) => ({
      account,
      event: { id: post.id, events },
    })),
  touches: (post) => post.events.map(({ order }) => ({ resource: "orders", externalId: order })),
});

export function acmeWith(over: WebhookDriver): PartnerDriver {
  return definePartner({ ...acme, webhook: over });
}

export function tenantOf(number: number): Connection {
  return {
    ...connection,
    connectionId: `acme_00000000000000000${number}-0000000000000000`,
    tenantId: `tenant-${number}`,
    account: `acct-${number}`,
  };
}

export interface Tenants {
  readonly ports: MemoryPorts;
  readonly driver: PartnerDriver;
  /** Each tenant's own Acme, by its number: whose key is sent, whose orders are answered. */
  readonly servers: readonly AcmeServer[];
}

/** So many tenants with three orders each, of which nothing is imported: only webhooks bring records. */
export async function connectTenants(count: number, driver = acmeWith(postsWebhook)): Promise<Tenants> {
  const ports = createMemoryPorts({
    partners: [driver],
    secrets: { acme: { connectionKey: "key-of-the-tests", webhookSecrets: ["word"], app: {} } },
  });
  const servers = Array.from({ length: count }, () => new AcmeServer(3));
  ports.transport.respond((request) => {
    const server = servers[Number(/^Bearer key-(\d+)$/.exec(request.headers["authorization"] ?? "")?.[1])];
    if (server === undefined) return jsonAnswer(401, { error: "whose key is that" });
    const { status, body } = server.answer(request.url);
    return jsonAnswer(status, body);
  });
  for (const number of servers.keys()) {
    await ports.connections.create(tenantOf(number));
    await ports.credentials.replace(tenantOf(number), null, { apiKey: `key-${number}` });
  }
  return { ports, driver, servers };
}

export function requestOf(body: unknown, over: Partial<WebhookRequest> = {}): WebhookRequest {
  const rawBody = new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
  return {
    partner: "acme",
    connectionId: null,
    headers: { "x-acme-word": "word", "content-type": "application/json" },
    rawBody,
    url: "https://hooks.example/webhooks/acme",
    method: "POST",
    trace: "trace-1",
    ...over,
  };
}

export function post(ports: MemoryPorts, body: unknown, over: Partial<WebhookRequest> = {}): Promise<WebhookAnswer> {
  return ingestWebhook(ports, requestOf(body, over));
}

/** A post that names one order of each of these accounts. */
export function naming(id: string, order: string, ...accounts: readonly string[]): unknown {
  return { id, events: accounts.map((account) => ({ account, order })) };
}
