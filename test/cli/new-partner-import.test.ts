import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { createTransport } from "../../lib/aws/transport.ts";
import type { PartnerDriver } from "../../lib/engine/define-partner.ts";
import type { Ports } from "../../lib/engine/ports.ts";
import { createConnection } from "../../lib/flows/connections/create-connection.ts";
import { consumeJob } from "../../lib/flows/consume-job.ts";
import { ingestWebhook } from "../../lib/flows/ingest-webhook.ts";
import { createMemoryPorts } from "../support/memory-ports.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { projectCopy } from "./new-partner-copy.ts";
import { credential, scaffoldShop, signed, standIn, stay, webhookSecret } from "./new-partner-stand-in.ts";

async function scaffolded(): Promise<PartnerDriver> {
  const root = projectCopy();
  await scaffoldShop(root);
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
      credential,
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

  // A change within a second of a write is fetched twice, as clocks that differ could have put it before.
  memory.clock.advance(2_000);
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
