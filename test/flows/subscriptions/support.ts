import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import type { Connection, OutboundAnswer } from "../../../lib/engine/ports.ts";
import { createConnection } from "../../../lib/flows/connections/create-connection.ts";
import { consumeJob } from "../../../lib/flows/consume-job.ts";
import { ingestWebhook } from "../../../lib/flows/ingest-webhook.ts";
import { wishSubscription } from "../../../lib/flows/subscriptions/wish-subscription.ts";
import { createMemoryPorts, jsonAnswer } from "../../support/memory-ports.ts";
import type { MemoryPorts } from "../../support/memory-ports.ts";
import { acme, AcmeServer } from "../support/acme.ts";
import { HooksServer, hookSubscriptions } from "../support/hooks.ts";
import { Died, mortal } from "../support/world.ts";
import type { Death } from "../support/world.ts";

export const actor = { name: "test", requestId: "request-1" };

export interface HookWorld {
  readonly ports: MemoryPorts;
  readonly hooks: HooksServer;
  readonly driver: PartnerDriver;
  readonly connection: Connection;
  readonly url: string;
  /** What the next calls about hooks are answered with instead. */
  readonly instead: (OutboundAnswer | "lost-after")[];
}

export function driverWith(...kind: Parameters<typeof hookSubscriptions>): PartnerDriver {
  const { webhook } = acme;
  if (webhook === undefined) throw new Error("acme has webhooks");
  return { ...acme, webhook: { ...webhook, subscriptions: hookSubscriptions(...kind) } };
}

/** A connection whose imports are done, and a partner that nobody has told of it. */
export async function hookWorld(driver: PartnerDriver = acme): Promise<HookWorld> {
  const [server, hooks] = [new AcmeServer(0), new HooksServer()];
  const ports = createMemoryPorts({
    partners: [driver],
    secrets: { acme: { connectionKey: "key-of-the-tests", webhookSecrets: [], app: {} } },
  });
  const instead: HookWorld["instead"] = [];
  ports.transport.respond((request) => {
    if (!hooks.handles(request)) {
      const { status, body } = server.answer(request.url);
      return jsonAnswer(status, body);
    }
    const other = instead.shift();
    if (other !== undefined && other !== "lost-after") return other;
    const answer = hooks.answer(request, ports.clock.nowMs());
    return other === "lost-after" ? { kind: "lost", reason: "timeout", detail: "no answer" } : answer;
  });
  const wanted = { driver, tenantId: "tenant-1", name: "Acme", account: null, settings: {} };
  const created = await createConnection(
    ports,
    { ...wanted, credential: { apiKey: "key" }, webhookSecret: null, seed: "seed" },
    actor,
  );
  if (created.kind !== "created") throw new Error(created.kind);
  ports.lanes.messages.length = 0;
  const { connection } = created;
  const url = `https://api.example.com/webhooks/acme/${connection.connectionId}`;
  return { ports, hooks, driver, connection, url, instead };
}

export function wish({ ports, connection, url }: HookWorld): Promise<Connection | null> {
  return wishSubscription(ports, connection, url, actor);
}

const roundsMax = 60;
const roundMs = 60_000;

/** Works the webhooks' lane until it is empty; one worker may die on the way, and its message comes back. */
export async function work({ ports }: HookWorld, death: Death | null = null): Promise<number> {
  const first = mortal(ports, death);
  let worker: typeof first.ports = first.ports;
  for (let round = 0; round < roundsMax; round++) {
    const nowMs = ports.clock.nowMs();
    for (const job of ports.lanes.take("webhooks", nowMs)) {
      const context = { workerId: "worker", deadlineMs: nowMs + 30_000 };
      try {
        await consumeJob(worker, job, context);
      } catch (error) {
        if (!(error instanceof Died)) throw error;
        worker = ports;
        await ports.lanes.send(job, 360_000);
      }
    }
    if (ports.lanes.nextDueMs("webhooks") === null) return first.calls();
    ports.clock.advance(roundMs);
  }
  throw new Error("the lane does not get empty");
}

export async function stored({ ports, connection }: HookWorld): Promise<Connection> {
  const found = await ports.connections.read("acme", connection.connectionId);
  if (found === null) throw new Error("the connection is gone");
  return found;
}

/** What we answer to a webhook that the partner signs with each of the secrets that it has for the address. */
export async function deliver({ ports, hooks, connection, url }: HookWorld): Promise<readonly number[]> {
  const answers = hooks.secretsOf(url).map((secret) =>
    ingestWebhook(ports, {
      partner: "acme",
      connectionId: connection.connectionId,
      headers: { "x-acme-word": secret },
      rawBody: Buffer.from(JSON.stringify({ touched: [] })),
      url,
      method: "POST",
      trace: "trace",
    }),
  );
  const statuses = (await Promise.all(answers)).map((answer) => answer.status);
  ports.lanes.messages.length = 0;
  return statuses;
}
