import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Webhook } from "standardwebhooks";
import { expect, onTestFinished, test } from "vitest";
import { readChoices } from "../../bin/commands/new-partner/choices.ts";
import { scaffold } from "../../bin/commands/new-partner/scaffold.ts";
import { createTransport } from "../../lib/aws/transport.ts";
import type { PartnerDriver } from "../../lib/engine/define-partner.ts";
import type { Ports } from "../../lib/engine/ports.ts";
import { createConnection } from "../../lib/flows/connections/create-connection.ts";
import { consumeJob } from "../../lib/flows/consume-job.ts";
import { ingestWebhook } from "../../lib/flows/ingest-webhook.ts";
import { createMemoryPorts } from "../support/memory-ports.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { projectCopy } from "./new-partner-copy.ts";

const clientId = "client-of-shop";
const clientSecret = "secret-of-shop-0001";
const webhookSecret = "whsec_exampleexampleexampleexample";

/** A small stand-in for the partner's API: a token, pages of two, single things. It follows the driver's assumptions. */
async function standIn(things: Map<string, object>) {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown): void =>
      void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    const url = new URL(request.url ?? "/", "http://localhost");
    calls.push(`${request.method} ${url.pathname}`);
    if (url.pathname === "/oauth/token") {
      let form = "";
      request.on("data", (chunk: Buffer) => (form += chunk.toString()));
      request.on("end", () => {
        const sent = new URLSearchParams(form);
        const known = sent.get("client_id") === clientId && sent.get("client_secret") === clientSecret;
        answer(known ? 200 : 401, known ? { access_token: "token-1", token_type: "Bearer", expires_in: 3600 } : {});
      });
      return;
    }
    if (request.headers.authorization !== "Bearer token-1") return answer(401, { error: "unauthorized" });
    if (url.pathname === "/v1/stays") {
      const page = Number(url.searchParams.get("page") ?? 1);
      const all = [...things.values()];
      const next = page * 2 < all.length ? `https://api.shop.example/v1/stays?limit=100&page=${page + 1}` : null;
      return answer(200, { count: all.length, next, results: all.slice(page * 2 - 2, page * 2) });
    }
    const thing = things.get(decodeURIComponent(url.pathname.replace("/v1/stays/", "")));
    answer(thing === undefined ? 404 : 200, thing ?? { error: "not_found" });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  // A server that listens on a port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, calls };
}

async function scaffolded(): Promise<PartnerDriver> {
  const root = projectCopy();
  const said = { auth: "client-credentials", pages: "next-link", webhooks: "standard-webhooks" };
  await scaffold(root, readChoices("shop", { ...said, resource: "stays", model: "reservation", limits: ["50/s"] }));
  // What was written a moment ago has no types here; the flows fail on anything that is no driver.
  const module = (await import(pathToFileURL(join(root, "lib/partners/shop/driver.ts")).href)) as {
    readonly shop: PartnerDriver;
  };
  return module.shop;
}

/** Works off the lanes until they are empty. */
async function work(ports: Ports, memory: MemoryPorts): Promise<void> {
  for (let turn = 0; turn < 100 && memory.lanes.messages.length > 0; turn++) {
    const jobs = (["webhooks", "imports"] as const).flatMap((lane) => memory.lanes.take(lane, memory.clock.nowMs()));
    const context = { workerId: "worker", deadlineMs: memory.clock.nowMs() + 30_000 };
    for (const job of jobs) await consumeJob(ports, job, context);
    memory.clock.advance(1_000);
  }
}

test("a partner scaffolded from nothing imports from a server, and follows its webhooks", async () => {
  const stay = (id: string, status: string) => [id, { id, created_at: "2026-11-02T09:30:00+01:00", status }] as const;
  const things = new Map<string, object>(["1", "2", "3", "4", "5"].map((id) => stay(id, "confirmed")));
  const server = await standIn(things);
  const driver = await scaffolded();
  const memory = createMemoryPorts({
    partners: [driver],
    secrets: { shop: { connectionKey: "key-of-the-tests", webhookSecrets: [], app: {} } },
  });
  const ports: Ports = { ...memory, transport: createTransport(new Map([["api.shop.example", server.url]])) };
  const made = await createConnection(
    ports,
    {
      driver,
      tenantId: "tenant-1",
      name: "Shop",
      account: null,
      settings: {},
      credential: { clientId, clientSecret },
      webhookSecret,
      seed: null,
    },
    { name: "test", requestId: "request-1" },
  );
  if (made.kind !== "created") throw new Error(made.kind);
  await work(ports, memory);
  const records = () => memory.records.all().map(({ externalId, version, data }) => [externalId, version, data.status]);
  expect(records()).toEqual(["1", "2", "3", "4", "5"].map((id) => [id, 1, "confirmed"]));
  expect(server.calls).toEqual(["POST /oauth/token", "GET /v1/stays", "GET /v1/stays", "GET /v1/stays"]);

  things.set(...stay("3", "cancelled"));
  const body = JSON.stringify({ id: "evt_1", type: "reservation.updated", data: { id: "3" } });
  const answer = await ingestWebhook(ports, {
    partner: "shop",
    connectionId: made.connection.connectionId,
    headers: signed(body, memory.clock.nowMs()),
    rawBody: Buffer.from(body),
    url: "https://hooks.example.com/webhooks/shop",
    method: "POST",
    trace: "trace-1",
  });
  expect(answer.status).toBe(202);
  await work(ports, memory);
  expect(records()).toEqual(
    ["1", "2", "3", "4", "5"].map((id) => [id, id === "3" ? 2 : 1, id === "3" ? "cancelled" : "confirmed"]),
  );
  expect(server.calls.slice(4)).toEqual(["GET /v1/stays/3"]);
});

function signed(body: string, atMs: number): Readonly<Record<string, string>> {
  return {
    "webhook-id": "msg_1",
    "webhook-timestamp": String(Math.floor(atMs / 1000)),
    "webhook-signature": new Webhook(webhookSecret).sign("msg_1", new Date(atMs), body),
  };
}
