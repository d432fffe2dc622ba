import { randomBytes } from "node:crypto";
import { paginateScan } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import type { Context } from "aws-lambda";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { systemRandom } from "../../lib/aws/clock.ts";
import { createOnce } from "../../lib/aws/once.ts";
import { createPorts } from "../../lib/aws/ports.ts";
import type { AwsPorts } from "../../lib/aws/ports.ts";
import { quietMs } from "../../lib/engine/erasure.ts";
import { historyOf } from "../../lib/engine/history.ts";
import { partnerSecretNameFor, tableNameFor, tableNames } from "../../lib/engine/names.ts";
import { registryOf } from "../../lib/engine/registry.ts";
import { firstKey } from "../../lib/flows/api/verify-key.ts";
import { handleApi } from "../../lib/flows/api/handle-api.ts";
import type { ApiResponse } from "../../lib/flows/api/request.ts";
import { acme } from "../flows/support/acme.ts";
import { VirtualClock } from "../support/memory/clock.ts";
import { candidateOf, failureOf, webhookJob } from "../support/port-values.ts";
import { stage, startServices } from "./support/services.ts";
import type { TestServices } from "./support/services.ts";

/*
 * Erasing, by what services that speak AWS's protocols hold afterwards: every item of every table and every object of the
 * bucket is read, and none may hold what was erased.
 */
let services: TestServices;
let ports: AwsPorts;
let clock: VirtualClock;
let s3: S3Client;

beforeAll(async () => {
  services = await startServices();
  clock = new VirtualClock(Date.now());
  ports = createPorts(services.source, registryOf([acme]), { clock, random: systemRandom });
  const secret = { connectionKey: "the connection key", webhookSecrets: [], app: {} };
  services.keysAndSecrets.secrets.set(partnerSecretNameFor(stage, "acme"), JSON.stringify(secret));
  await services.makeQueue(`sluice-${stage}-acme-imports`);
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const endpoint = String(services.source["AWS_ENDPOINT_URL_S3"]);
  s3 = new S3Client({ region: "us-east-1", endpoint, forcePathStyle: true, credentials });
});
afterAll(async () => {
  s3.destroy();
  await services.stop();
});

// Powertools asks the invocation for nothing but the time that it has left.
const invocation = { getRemainingTimeInMillis: () => 29_000 } as Context;

async function call(method: string, path: string, body?: unknown, idempotencyKey?: string): Promise<ApiResponse> {
  const once = createOnce<ApiResponse>(services.dynamo, tableNameFor(stage, "idempotency"), "api")(invocation);
  const apiPorts = {
    ...ports,
    verifyApiKey: async () => ({ kind: "known", access: firstKey }) as const,
    once,
    workInEmergency: async () => null,
  };
  const headers = { "x-api-key": "a key", ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }) };
  const bytes = Buffer.from(body === undefined ? "" : JSON.stringify(body));
  const request = { method, path: `/api/v1${path}`, query: {}, headers, body: bytes, requestId: "request-1" };
  return handleApi(apiPorts, request);
}

const Data = z.object({ data: z.looseObject({ id: z.string().optional(), done: z.boolean().optional() }) });
const dataOf = (answer: ApiResponse) => Data.parse(JSON.parse(answer.body)).data;

/** A connection of a tenant with something of every kind, all of it naming the tenant or its people. */
async function fill(tenant: string): Promise<string> {
  const wanted = { partner: "acme", tenantId: tenant, name: `Shop of ${tenant}`, account: `account-of-${tenant}` };
  const made = await call("POST", "/connections", { ...wanted, credential: { apiKey: "key" } }, `key-of-${tenant}`);
  expect(made.status).toBe(201);
  const connectionId = dataOf(made).id ?? "";
  const owner = { partner: "acme", connectionId };
  const scope = { ...owner, resource: "orders" };
  for (let number = 0; number < 30; number++) {
    const externalId = `order-${number}-of-${tenant}`;
    const text = number === 0 ? randomBytes(450_000).toString("base64") : "";
    const data = { email: `person-${number}@${tenant}.example.com`, text };
    await ports.records.write(scope, candidateOf({ externalId, data }), null);
    const record = await ports.records.read(scope, externalId);
    if (record !== null) await ports.history.append(historyOf(null, record));
  }
  const text = JSON.stringify({ of: tenant, body: randomBytes(250_000).toString("hex") });
  const work = { kind: "webhook", receivedAtMs: 1, contentType: "", body: { kind: "text", text } } as const;
  const job = { ...webhookJob(owner), work };
  await ports.failures.record(failureOf(owner, { job }));
  await ports.parked.park(job, { connectionId, reason: "paused", untilMs: clock.nowMs() });
  await ports.claims.put(owner, Buffer.from(`a body of ${tenant}`));
  return connectionId;
}

/** Every item of every table, and every object's key and text. */
async function everything(): Promise<string> {
  const found: string[] = [];
  for (const name of tableNames) {
    const pages = paginateScan({ client: services.dynamo }, { TableName: tableNameFor(stage, name) });
    for await (const { Items = [] } of pages) found.push(...Items.map((item) => JSON.stringify(item)));
  }
  const Bucket = String(services.source["SLUICE_CLAIM_BUCKET"]);
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  for (const { Key = "" } of Contents) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    found.push(Key, (await Body?.transformToString("latin1")) ?? "");
  }
  return found.join("\n");
}

test("a tenant that was erased is in no table and in no object, and its neighbour is as it was", async () => {
  const mine = await fill("tenant-erased");
  const bound = { name: "a dashboard", role: "viewer", tenantId: "tenant-erased" };
  expect((await call("POST", "/keys", bound)).status).toBe(201);
  const other = await fill("tenant-stays");
  const before = await everything();
  for (const word of ["tenant-erased", "person-7@tenant-erased", "order-7-of-tenant-erased"])
    expect(before).toContain(word);

  let calls = 0;
  for (let done = false; !done && calls < 30; calls++) {
    const answer = await call("POST", "/tenants/tenant-erased/erase");
    expect([200, 202]).toContain(answer.status);
    done = dataOf(answer).done === true;
    clock.advance(quietMs);
  }
  expect(calls).toBeLessThan(10);

  const after = await everything();
  expect(after).not.toContain("tenant-erased");
  const remains = dataOf(await call("GET", `/connections/${mine}/remains`));
  expect(remains).toMatchObject({ stage: "erased", counts: { records: 0, failures: 0, runs: 0, objects: 0 } });
  // The mark alone knows the id, and the audit log that it happened.
  const whereIts = after.split("\n").filter((line) => line.includes(mine));
  expect(whereIts.length).toBeLessThanOrEqual(2);

  for (const word of ["tenant-stays", "person-7@tenant-stays", "order-7-of-tenant-stays", other])
    expect(after).toContain(word);
  expect(
    (await ports.records.list({ partner: "acme", connectionId: other, resource: "orders" }, { limit: 1, cursor: null }))
      .total,
  ).toBe(30);
});

test("a connection is bare when its erasure says so, however large the pages are that its things are read in", async () => {
  const wanted = { partner: "acme", tenantId: "tenant-large", name: "Large", credential: { apiKey: "key" } };
  const made = await call("POST", "/connections", wanted);
  const connectionId = dataOf(made).id ?? "";
  const owner = { partner: "acme", connectionId };
  // More than the megabyte that a query reads, in fewer things than it is asked for.
  const body = { kind: "text", text: "x".repeat(150_000) } as const;
  const work = { kind: "webhook", receivedAtMs: 1, contentType: "", body } as const;
  for (let number = 0; number < 8; number++) {
    const job = { ...webhookJob(owner, { id: `webhook-${number}` }), work };
    await ports.parked.park(job, { connectionId, reason: "paused", untilMs: clock.nowMs() });
  }
  // More than one page, with the mark among them.
  const note = { partner: "acme", owner: connectionId, revision: 1, body: 1 };
  const names = Array.from({ length: 120 }, (_, number) => `note-${number}`);
  await Promise.all(names.map((name) => ports.connections.writeNote({ ...note, name })));
  const erase = async () => dataOf(await call("POST", `/connections/${connectionId}/erase`)).done;
  expect(await erase()).toBe(false);
  clock.advance(quietMs);
  expect(await erase()).toBe(true);
  const remains = dataOf(await call("GET", `/connections/${connectionId}/remains`));
  expect(remains).toMatchObject({ stage: "erased", counts: { runs: 0, connection: 0 } });
});
