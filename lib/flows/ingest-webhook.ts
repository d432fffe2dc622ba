import { checkConnectionId } from "../engine/connection-id.ts";
import type { PartnerDriver } from "../engine/define-partner.ts";
import { contentIdOf } from "../engine/fingerprint.ts";
import { webhookExpiryMs } from "../engine/job.ts";
import type { Job, WebhookWork } from "../engine/job.ts";
import { contentIdWith, keptHeadersOf } from "../engine/kept-headers.ts";
import type { KeptHeaders } from "../engine/kept-headers.ts";
import type { ClaimOwner, PartnerSecret, Ports } from "../engine/ports.ts";
import { unseal } from "../engine/seal.ts";

export type IngestPorts = Pick<Ports, "clock" | "partnerSecrets" | "metrics" | "log" | "partners"> & {
  readonly lanes: Pick<Ports["lanes"], "send">;
  readonly claims: Pick<Ports["claims"], "put">;
  readonly connections: Pick<Ports["connections"], "read">;
};

export interface WebhookRequest {
  readonly partner: string;
  readonly connectionId: string | null;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: Uint8Array;
  readonly url: string;
  readonly method: string;
  readonly trace: string;
}

export interface WebhookAnswer {
  readonly status: number;
  readonly body: string;
}

/** SQS takes 1 MiB with the envelope around it; JSON's escapes make up to six bytes of one, so beyond this the body goes by claim check. */
const inlineBytesMax = 160 * 1024;

/** Verifies over the raw bytes, sends one message, answers as the partner wants. Nothing is done before the signature holds. */
export async function ingestWebhook(ports: IngestPorts, request: WebhookRequest): Promise<WebhookAnswer> {
  const driver = ports.partners.find(request.partner);
  if (driver?.webhook === undefined) return refuse(404, "No such partner here.");
  const secret = await ports.partnerSecrets.read(driver.name);
  const secrets = await secretsFor(ports, driver, secret, request.connectionId);
  if (secrets === null) return refuse(404, "No such connection here.");
  const { headers, rawBody, url, method } = request;
  const verdict = driver.webhook.verify({ headers, rawBody, url, method, secrets, nowMs: ports.clock.nowMs() });
  if (!verdict.ok) {
    ports.metrics.count("WebhooksRejected", 1, { partner: driver.name, kind: verdict.reason });
    return refuse(
      401,
      verdict.reason === "no-secret" ? "No webhook secret is configured." : "The signature does not hold.",
    );
  }
  const kept = keptHeadersOf(driver.webhook.keepHeaders ?? [], headers);
  if (kept === null) {
    ports.metrics.count("WebhooksRejected", 1, { partner: driver.name, kind: "header-too-long" });
    return refuse(400, "A header is too long.");
  }
  try {
    await ports.lanes.send(await jobFor(ports, driver, request, kept), 0);
  } catch (error) {
    // Nothing was kept, and the partner is told so: it will send again.
    ports.metrics.count("WebhooksUnavailable", 1, { partner: driver.name });
    ports.log.error("the queue did not take a webhook; answered 503", { partner: driver.name, error: String(error) });
    return refuse(503, "Not taken; send it again.");
  }
  ports.metrics.count("WebhooksAccepted", 1, { partner: driver.name });
  return driver.webhook.answer ?? { status: 202, body: "" };
}

/** The secrets that may have signed; null when there is no such connection. Its own secret, where it has one, is the only one. */
async function secretsFor(
  ports: IngestPorts,
  driver: PartnerDriver,
  secret: PartnerSecret | null,
  connectionId: string | null,
): Promise<readonly string[] | null> {
  // Nothing is configured yet: no key for ids, no secret to verify with.
  if (secret === null) return [];
  if (connectionId === null) return secret.webhookSecrets;
  // The MAC in the id turns strangers away before they cost a look-up.
  if (!checkConnectionId(connectionId, driver.name, secret.connectionKey)) return null;
  const connection = await ports.connections.read(driver.name, connectionId);
  if (connection === null) return null;
  if (connection.sealedWebhookSecret === null) return secret.webhookSecrets;
  return [unseal(connection.sealedWebhookSecret, secret.connectionKey, `${driver.name}#${connectionId}`)];
}

async function jobFor(
  ports: IngestPorts,
  driver: PartnerDriver,
  request: WebhookRequest,
  kept: KeptHeaders,
): Promise<Job> {
  const nowMs = ports.clock.nowMs();
  return {
    version: 1,
    // By content: a partner's own retry of a delivery is the same job, and fails into the same failure.
    id: `webhook-${contentIdWith(contentIdOf(request.rawBody), kept)}`,
    partner: driver.name,
    connectionId: request.connectionId,
    lane: "webhooks",
    attempts: 0,
    hops: 0,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + webhookExpiryMs,
    trace: request.trace.slice(0, 200),
    replayOf: null,
    work: {
      kind: "webhook",
      receivedAtMs: nowMs,
      contentType: (request.headers["content-type"] ?? "").slice(0, 200),
      ...(Object.keys(kept).length > 0 && { headers: kept }),
      body: await bodyFor(ports, { partner: driver.name, connectionId: request.connectionId }, request.rawBody),
    },
  };
}

async function bodyFor(ports: IngestPorts, owner: ClaimOwner, rawBody: Uint8Array): Promise<WebhookWork["body"]> {
  if (rawBody.byteLength > inlineBytesMax)
    return { kind: "claim", key: await ports.claims.put(owner, rawBody), bytes: rawBody.byteLength };
  try {
    return { kind: "text", text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(rawBody) };
  } catch {
    return { kind: "base64", base64: Buffer.from(rawBody).toString("base64") };
  }
}

function refuse(status: number, message: string): WebhookAnswer {
  return {
    status,
    body: JSON.stringify({ status: "error", data: null, errors: [{ code: `webhook-${status}`, message }] }),
  };
}
