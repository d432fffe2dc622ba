import { partnerOfConnectionId } from "../engine/connection-id.ts";
import type { PartnerDriver, WebhookDriver } from "../engine/define-partner.ts";
import { keptHeadersOf } from "../engine/webhooks/kept-headers.ts";
import type { Ports } from "../engine/ports.ts";
import { issuesTokens, provesByPath } from "../engine/signatures/verification.ts";
import type { SignedRequest } from "../engine/signatures/verifier.ts";
import { newerSecrets } from "./ingest/newer-secrets.ts";
import { secretsFor, verifyRequest } from "./ingest/verify-request.ts";
import type { VerifyPublished } from "./ingest/verify-request.ts";
import { webhookJob } from "./ingest/webhook-job.ts";
import type { WebhookAnswer, WebhookRequest } from "./ingest/webhook-request.ts";

export type { WebhookAnswer, WebhookRequest } from "./ingest/webhook-request.ts";

export type IngestPorts = Pick<Ports, "clock" | "partnerSecrets" | "metrics" | "log" | "partners"> & {
  readonly lanes: Pick<Ports["lanes"], "send">;
  readonly claims: Pick<Ports["claims"], "put">;
  readonly connections: Pick<Ports["connections"], "read">;
  /** Absent in the functions of partners that publish no keys: theirs have no way out. */
  readonly verifyPublished?: VerifyPublished;
};

type Judged =
  | Awaited<ReturnType<typeof verifyRequest>>
  | { readonly ok: false; readonly reason: "keys-unavailable"; readonly error: unknown };

type Receiving = PartnerDriver & { readonly webhook: WebhookDriver };

/** Verifies over the raw bytes, sends one message, answers as the partner wants. Nothing is done before the signature holds. */
export async function ingestWebhook(ports: IngestPorts, given: WebhookRequest): Promise<WebhookAnswer> {
  const driver = ports.partners.find(given.partner);
  if (!receives(driver)) return refuse(404, "No such partner here.");
  const { webhook } = driver;
  const request = addressed(webhook, given);
  const secret = await ports.partnerSecrets.read(driver.name);
  const secrets = await secretsFor(ports.connections, driver, secret, request.connectionId);
  if (secrets === null) return refuse(404, "No such connection here.");
  const { headers, rawBody, url, method } = request;
  const signed = { headers, rawBody, url, method, secrets, nowMs: ports.clock.nowMs() };
  const verdict = await judgeTwice(ports, driver, signed, request.connectionId);
  if (!verdict.ok && verdict.reason === "keys-unavailable")
    return unavailable(ports, driver, "the partner's keys could not be had", verdict.error);
  if (!verdict.ok) return reject(ports, driver, verdict.reason);
  const kept = keptHeadersOf(webhook.keepHeaders ?? [], headers);
  if (kept === null) return reject(ports, driver, "header-too-long");
  const challenged = webhook.challenge?.({ headers, rawBody, url, method }) ?? null;
  if (challenged !== null) {
    ports.metrics.count("WebhooksChallenged", 1, { partner: driver.name });
    return challenged;
  }
  try {
    await ports.lanes.send(await webhookJob(ports.claims, request, kept, ports.clock.nowMs()), 0);
  } catch (error) {
    return unavailable(ports, driver, "the queue did not take a webhook", error);
  }
  ports.metrics.count("WebhooksAccepted", 1, { partner: driver.name });
  return webhook.answer ?? { status: 202, body: "" };
}

/** `/webhooks/acme/<word>` has the word where others have a connection's id: it is every connection's address. */
function addressed({ verify }: WebhookDriver, request: WebhookRequest): WebhookRequest {
  const { connectionId, url } = request;
  if (connectionId === null || !provesByPath(verify) || partnerOfConnectionId(connectionId) !== null) return request;
  return url.replace(/\?.*/s, "").endsWith(`/${connectionId}`) ? { ...request, connectionId: null } : request;
}

/** Who was turned away may have signed with a secret that is newer than what is kept: judged again if there is such a one. */
async function judgeTwice(
  ports: IngestPorts,
  driver: Receiving,
  request: SignedRequest,
  connectionId: string | null,
): Promise<Judged> {
  const verdict = await judge(ports, driver, request);
  if (verdict.ok) return verdict;
  const tried = { reason: verdict.reason, secrets: request.secrets, connectionId };
  const secrets = await newerSecrets(ports, driver, tried);
  return secrets === null ? verdict : judge(ports, driver, { ...request, secrets });
}

/** A verdict; or none, since the keys that it takes could not be had. */
async function judge(ports: IngestPorts, driver: Receiving, request: SignedRequest): Promise<Judged> {
  try {
    return await verifyRequest(ports.verifyPublished, driver, driver.webhook.verify, request);
  } catch (error) {
    return { ok: false, reason: "keys-unavailable", error };
  }
}

/** Gives the partner the token that it will send with its webhooks. Nothing is stored, and nothing of the request is logged. */
export async function answerTokenRequest(ports: IngestPorts, request: WebhookRequest): Promise<WebhookAnswer> {
  const driver = ports.partners.find(request.partner);
  if (!receives(driver) || !issuesTokens(driver.webhook.verify)) return refuse(404, "No tokens are given out here.");
  const secrets = (await ports.partnerSecrets.read(driver.name))?.webhookSecrets ?? [];
  const { headers, rawBody } = request;
  const answer = driver.webhook.verify.answerTokenRequest({ headers, rawBody, secrets, nowMs: ports.clock.nowMs() });
  const kind = answer.status === 200 ? "given" : "refused";
  ports.metrics.count("WebhookTokens", 1, { partner: driver.name, kind });
  return answer;
}

function receives(driver: PartnerDriver | null): driver is Receiving {
  return driver?.webhook !== undefined;
}

/** 429 where a key may not be asked for just now: strangers choose the ids of keys, and no flood of theirs rings an alarm. */
const statusOf: Readonly<Record<string, number>> = { "key-put-off": 429, "header-too-long": 400 };
const words: Readonly<Record<string, string>> = {
  "no-secret": "No webhook secret is configured.",
  "key-put-off": "Too many unknown keys; send it again.",
  "header-too-long": "A header is too long.",
};

function reject(ports: IngestPorts, driver: Receiving, reason: string): WebhookAnswer {
  ports.metrics.count("WebhooksRejected", 1, { partner: driver.name, kind: reason });
  const status = statusOf[reason] ?? 401;
  if (driver.webhook.refusesWithoutBody === true) return { status, body: "" };
  return refuse(status, words[reason] ?? "The signature does not hold.");
}

/** Nothing was kept, and the partner is told so: it will send again. */
function unavailable(ports: IngestPorts, driver: PartnerDriver, what: string, error: unknown): WebhookAnswer {
  ports.metrics.count("WebhooksUnavailable", 1, { partner: driver.name });
  ports.log.error(`${what}; answered 503`, { partner: driver.name, error: String(error) });
  return refuse(503, "Not taken; send it again.");
}

function refuse(status: number, message: string): WebhookAnswer {
  return {
    status,
    body: JSON.stringify({ status: "error", data: null, errors: [{ code: `webhook-${status}`, message }] }),
  };
}
