import { expect, test } from "vitest";
import { routes } from "../../../lib/flows/api/routes.ts";
import { startMs } from "../../support/memory-ports.ts";
import { apiKey, apiPorts, TestApi } from "./support/api.ts";
import { makeFailure, makeRun, putRecord } from "./support/seed.ts";

/** Every secret that the world below holds, each of a value that stands nowhere else. */
const secrets = {
  apiKey,
  credential: "credential-5f1e",
  newCredential: "credential-9c2d",
  triedCredential: "credential-7be4",
  betaToken: "beta-token-77aa",
  webhookSecret: "webhook-secret-31bb",
  newWebhookSecret: "webhook-secret-84cc",
  wrongCredential: "credential-that-is-wrong-66dd",
  wrongKey: "key-that-is-wrong-12ee",
  acmeConnectionKey: "acme-connection-key-value",
  betaConnectionKey: "beta-connection-key-value",
  partnerWebhookSecret: "acme-partner-webhook-secret",
  appSecret: "beta-app-secret",
  payload: "the-payload-of-a-customer",
  bearerInMessage: "Bearer abcdef123456",
  keyInCall: "sk_test_51abcdefgh",
  mailInRaw: "jenny@customers.example",
  leaseOwner: "worker-9f8e7d",
};

async function tryCredentials(api: TestApi, id: string): Promise<void> {
  const body = { credential: { apiKey: secrets.triedCredential } };
  const tried = await api.call("POST", `/connections/${id}/credential`, { body });
  await api.call("GET", `/credential-attempts/acme/${String(tried.data["attemptId"])}`);
  const misspelt = { credential: { apikey: secrets.wrongCredential } };
  await api.call("POST", `/connections/${id}/credential`, { body: misspelt });
  await api.call("POST", `/connections/${id}/credential`, { body: { apiKey: secrets.wrongCredential } });
  await api.call("POST", `/connections/${id}/authorize`, { body: { code: secrets.wrongCredential } });
  await api.call("POST", `/connections/${id}/authorize`, { body: {} });
  await api.call("POST", "/connections/authorize", { body: { partner: "acme", tenantId: "tenant-1", name: "Acme" } });
}

async function callEverything(api: TestApi): Promise<string> {
  const create = (body: unknown) => api.call("POST", "/connections", { body, headers: { "idempotency-key": "key-1" } });
  const body = {
    partner: "acme",
    tenantId: "tenant-1",
    name: "Acme",
    account: "acct-1",
    credential: { apiKey: secrets.credential },
    webhookSecret: secrets.webhookSecret,
  };
  const id = String((await create(body)).data.id);
  await create(body);
  await create({ ...body, name: "Other" });
  await api.call("POST", "/connections", { body });
  await api.connect({ partner: "beta", credential: { token: secrets.betaToken, region: "eu" } });
  const wrong = { token: secrets.wrongCredential, region: "eu" };
  await api.call("POST", "/connections", { body: { ...body, partner: "beta", credential: wrong } });
  await api.call("POST", "/connections", { body: { ...body, credential: secrets.wrongCredential } });
  await api.call("POST", "/connections", { body: { ...body, webhookSecret: [secrets.webhookSecret] } });
  await api.call("POST", "/connections", { body: `{"credential": "${secrets.wrongCredential}"` });
  const failure = makeFailure("failure-1", { raw: `from ${secrets.mailInRaw}` });
  const why = { ...failure.why, message: `sent ${secrets.bearerInMessage}`, call: `GET /x?key=${secrets.keyInCall}` };
  await api.ports.failures.record({ ...failure, why });
  await api.ports.runs.create(makeRun(id, { lease: { owner: secrets.leaseOwner, expiresAtMs: startMs } }));
  await putRecord(api.ports, id, "order-1");
  const open =
    "/health /status /partners /partners/acme /partners/beta /partners/acme/drain /partners/acme/drift /models /models/order /connections /failures /failures/acme:-:failure-1 /keys /audit".split(
      " ",
    );
  const own = [
    "",
    "/runs",
    "/runs/orders-1",
    "/records/orders",
    "/records/orders/order-1",
    "/history/orders/order-1",
    "/waiting",
    "/sync-status",
    "/compare",
    "/remains",
  ];
  const paths = [...open, ...own.map((path) => `/connections/${id}${path}`)];
  for (const path of paths) await api.call("GET", path);
  await api.call("GET", "/failures", { query: { group: "true" } });
  await api.call("GET", "/partners", { key: secrets.wrongKey });
  await api.call("PATCH", `/connections/${id}`, { body: { credential: { apiKey: secrets.newCredential } } });
  await api.call("PATCH", `/connections/${id}`, { body: { webhookSecret: secrets.newWebhookSecret } });
  await tryCredentials(api, id);
  await api.call("POST", `/connections/${id}/compare`, { body: {} });
  await api.call("POST", `/connections/${id}/sync`);
  await api.call("POST", "/failures/replay", { body: { failureIds: ["acme:-:failure-1"] } });
  await api.call("POST", "/failures/discard", { body: { failureIds: ["acme:-:failure-1"] } });
  await api.call("POST", `/connections/${id}/pause`);
  await api.call("POST", `/connections/${id}/resume`);
  for (const act of ["pause", "drain", "resume"]) {
    await api.call("POST", `/partners/acme/${act}`, { body: act === "resume" ? {} : { reason: "maintenance" } });
  }
  await api.call("POST", "/partners/acme/recover", { body: { how: "purge-and-refresh", reason: "an outage" } });
  await api.call("POST", "/partners/acme/emergency", { body: { lane: "webhooks", count: 1 } });
  await api.call("DELETE", `/keys/${(await api.makeKey("viewer")).id}`);
  await api.call("POST", `/connections/${id}/rebuild/orders`, { body: {} });
  await api.call("POST", `/connections/${id}/erase-records/orders`, { body: { externalIds: ["order-1"] } });
  await api.call("POST", `/connections/${id}/erase-kept`, { body: { values: ["somebody@example.com"] } });
  await api.call("POST", "/tenants/tenant-1/find-person", { body: { value: "somebody@example.com" } });
  await api.call("POST", "/tenants/tenant-2/erase");
  await api.call("POST", "/credentials/re-encrypt", { body: {} });
  return id;
}

test("no answer, no log line, no metric and no audit entry holds a secret", async () => {
  const ports = apiPorts();
  const api = new TestApi(ports);
  const id = await callEverything(api);
  const sealed = (await ports.connections.read("acme", id))?.sealedWebhookSecret ?? "";
  ports.connections.list = () => Promise.reject(new Error("a failure on our side"));
  await api.call("GET", "/connections");
  await api.call("DELETE", `/connections/${id}`);

  // The world does hold them, and every kind of answer was given.
  const statuses = new Set(api.answers.map((answer) => answer.status));
  expect(statuses).toEqual(new Set([200, 201, 202, 400, 401, 409, 422, 500, 503]));
  expect(api.answers.length).toBeGreaterThan(routes.length + 10);
  expect(sealed.length).toBeGreaterThan(20);

  const told = JSON.stringify([api.answers, ports.log.lines, ports.metrics.counts, ports.audit.entries]);
  for (const [name, secret] of Object.entries({ ...secrets, sealed })) {
    expect(told.includes(secret), `${name} was told`).toBe(false);
    expect(told.includes(Buffer.from(secret).toString("base64").replaceAll("=", "")), `${name} in base64`).toBe(false);
  }
});
