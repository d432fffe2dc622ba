import { createHmac } from "node:crypto";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import type { Connection } from "../../../lib/engine/ports.ts";
import { consumeJob } from "../../../lib/flows/consume-job.ts";
import { ingestWebhook } from "../../../lib/flows/ingest-webhook.ts";
import { leaflink } from "../../../lib/partners/leaflink/driver.ts";
import { createMemoryPorts, jsonAnswer, startMs } from "../../support/memory-ports.ts";
import type { MemoryPorts } from "../../support/memory-ports.ts";
import { readFixture } from "../contract/subject.ts";

/** An order's customer is looked up once, whether it is there or not: the records are the cache. */
const root = join(import.meta.dirname, "../../..");
const Things = z
  .array(z.object({ results: z.array(z.looseObject({})) }))
  .transform((pages) => pages.flatMap(({ results }) => results));
const orders = readFixture(root, "leaflink", "orders.json", Things);
const customers = readFixture(root, "leaflink", "customers.json", Things);
const numbers = orders.map(({ number }) => String(number));

const connectionId = "leaflink_000000000000000000-0000000000000000";
const connection: Connection = {
  partner: "leaflink",
  connectionId,
  tenantId: "tenant-1",
  name: "A company",
  account: "company-1",
  settings: { keyOwner: "u7" },
  status: "active",
  sealedWebhookSecret: null,
  revision: 1,
  createdAtMs: startMs,
  updatedAtMs: startMs,
};

async function connected(customer: (id: string) => unknown): Promise<MemoryPorts> {
  const secret = { connectionKey: "key-of-the-tests", webhookSecrets: ["company-key"], app: {} };
  const ports = createMemoryPorts({ partners: [leaflink], secrets: { leaflink: secret } });
  ports.transport.respond(({ url }) => {
    const { pathname } = new URL(url);
    const [resource, id = ""] = pathname.replace("/api/v2/", "").split("/");
    const body = resource === "customers" ? customer(id) : orders.find(({ number }) => number === id);
    return body === undefined ? jsonAnswer(404, { detail: "Not found." }) : jsonAnswer(200, body);
  });
  await ports.connections.create(connection);
  await ports.credentials.replace(connection, null, { apiKey: "0000example1111example2222" });
  return ports;
}

/** A webhook of one order, from its delivery to its end. LeafLink's events name no account: each has its connection's address. */
async function deliver(ports: MemoryPorts, number: string): Promise<void> {
  const rawBody = new TextEncoder().encode(JSON.stringify({ number, status: "Accepted" }));
  const signature = createHmac("sha256", "company-key").update(rawBody).digest("base64");
  const answer = await ingestWebhook(ports, {
    partner: "leaflink",
    connectionId: null,
    headers: { "ll-signature": signature, "content-type": "application/json" },
    rawBody,
    url: "https://hooks.example.com/webhooks/leaflink",
    method: "POST",
    trace: "trace-1",
  });
  expect(answer.status).toBe(202);
  const [sent] = ports.lanes.take("webhooks", ports.clock.nowMs());
  if (sent === undefined) throw new Error("the webhook became no job");
  await consumeJob(ports, { ...sent, connectionId }, { workerId: "w", deadlineMs: ports.clock.nowMs() + 20_000 });
  expect(ports.lanes.givenUp).toEqual([]);
}

const asked = (ports: MemoryPorts, path: string) =>
  ports.transport.requests.filter(({ url }) => new URL(url).pathname === path).length;
const recordOf = (ports: MemoryPorts, resource: string, id: string) =>
  ports.records.read({ partner: "leaflink", connectionId, resource }, id);

describe("an order's customer", () => {
  test("is fetched with the first order that names it, and with no later one", async () => {
    const ports = await connected((id) => customers.find((customer) => String(customer["id"]) === id));
    await deliver(ports, numbers[0] ?? "");
    await deliver(ports, numbers[0] ?? "");
    expect(asked(ports, `/api/v2/orders-received/${numbers[0] ?? ""}/`)).toBe(2);
    expect(asked(ports, "/api/v2/customers/148515/")).toBe(1);
    expect(await recordOf(ports, "orders", numbers[0] ?? "")).toMatchObject({ data: { customerId: "148515" } });
    expect(await recordOf(ports, "customers", "148515")).toMatchObject({ data: { name: "Example Dispensary" } });
  });

  test("that is not there is remembered as not there, until it comes back", async () => {
    const ports = await connected(() => undefined);
    await deliver(ports, numbers[1] ?? "");
    await deliver(ports, numbers[1] ?? "");
    expect(asked(ports, "/api/v2/customers/148516/")).toBe(1);
    expect(await recordOf(ports, "customers", "148516")).toMatchObject({ deleted: true });
    expect(await recordOf(ports, "orders", numbers[1] ?? "")).toMatchObject({ deleted: false, version: 1 });
  });

  test("that cannot be read now is no failure of the order, and is asked for again", async () => {
    const ports = await connected(() => ({ detail: "Something went wrong." }));
    await deliver(ports, numbers[0] ?? "");
    await deliver(ports, numbers[0] ?? "");
    expect(asked(ports, "/api/v2/customers/148515/")).toBe(2);
    expect(await recordOf(ports, "customers", "148515")).toBeNull();
  });

  test("is nobody where there is none", async () => {
    const ports = await connected(() => undefined);
    await deliver(ports, numbers[2] ?? "");
    expect(ports.transport.requests).toHaveLength(1);
  });
});

test("a call carries the key as LeafLink wants it, and counts for the key's owner", async () => {
  const ports = await connected(() => undefined);
  await deliver(ports, numbers[2] ?? "");
  const [request] = ports.transport.requests;
  expect(request?.headers).toMatchObject({ Authorization: "App 0000example1111example2222", "User-Agent": "sluice" });
  expect(request?.url).toBe(
    `https://app.leaflink.com/api/v2/orders-received/${numbers[2] ?? ""}/?include_children=line_items`,
  );
});
