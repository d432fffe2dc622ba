import { createHmac } from "node:crypto";
import process from "node:process";
import { itemOfConnection } from "../../../lib/aws/connection-item.ts";
import { makeConnectionId } from "../../../lib/engine/connection-id.ts";
import type { Connection } from "../../../lib/engine/ports.ts";
import { seal } from "../../../lib/engine/seal.ts";
import type { StandInContent } from "./stand-in.ts";
import { stripeEvent } from "./stripe-event.ts";

export const partner = "stripe";
export const webhookSecret = "whsec_bench_secret";
const connectionKey = "bench-connection-key-bench-connection-key";
/** A fixed choice of letters: every run has the same id. */
export const connectionId = makeConnectionId(partner, connectionKey, { unit: () => 0.37, id: () => "bench" });
/** Of the right form, and made under another key. */
export const strangersId = makeConnectionId(partner, "another-connection-key-0123456789", {
  unit: () => 0.37,
  id: () => "bench",
});

const connection: Connection = {
  partner,
  connectionId,
  tenantId: "tenant-1",
  name: "Bench",
  account: null,
  settings: {},
  status: "active",
  sealedWebhookSecret: seal(webhookSecret, connectionKey, `${partner}#${connectionId}`),
  revision: 1,
  createdAtMs: 0,
  updatedAtMs: 0,
};

/** One partner whose secret signs, and one connection of it that has a secret of its own. */
export const content: StandInContent = {
  secret: JSON.stringify({ connectionKey, webhookSecrets: [webhookSecret], app: {} }),
  item: itemOfConnection(connection),
};

/** A deployed function's variables, with every service at one address on loopback. */
export function environmentAt(endpoint: string): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    SLUICE_STAGE: "bench",
    SLUICE_PARTNER: partner,
    SLUICE_QUEUE_BASE_URL: `${endpoint}/123456789012/`,
    SLUICE_CLAIM_BUCKET: "sluice-bench-claim-checks-123456789012-us-east-1",
    SLUICE_KEY_ID: "arn:aws:kms:us-east-1:123456789012:alias/sluice-bench",
    POWERTOOLS_SERVICE_NAME: "webhook-ingest",
    POWERTOOLS_METRICS_NAMESPACE: "Sluice",
    POWERTOOLS_LOG_LEVEL: "INFO",
    NODE_OPTIONS: "--enable-source-maps",
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "bench",
    AWS_SECRET_ACCESS_KEY: "bench",
    AWS_SESSION_TOKEN: "bench",
    AWS_ENDPOINT_URL: endpoint,
    AWS_LAMBDA_FUNCTION_NAME: "bench",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "256",
    AWS_LAMBDA_LOG_FORMAT: "JSON",
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
  };
}

/** What the HTTP API hands to the function for one signed webhook (payload format 2.0). */
export function webhookEvent(
  index: number,
  options: { readonly bytes: number; readonly connectionId: string | null },
): Readonly<Record<string, unknown>> {
  const body = stripeEvent(index, options.bytes);
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac("sha256", webhookSecret).update(`${timestamp}.${body}`).digest("hex");
  const own = options.connectionId === null ? "" : "/{connectionId}";
  const path = `/webhooks/${partner}${options.connectionId === null ? "" : `/${options.connectionId}`}`;
  const domainName = "bench.execute-api.us-east-1.amazonaws.com";
  return {
    version: "2.0",
    routeKey: `POST /webhooks/${partner}${own}`,
    rawPath: path,
    rawQueryString: "",
    headers: {
      "content-type": "application/json; charset=utf-8",
      "content-length": String(Buffer.byteLength(body)),
      host: domainName,
      "stripe-signature": `t=${timestamp},v1=${signature}`,
      "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
      "x-amzn-trace-id": "Root=1-67891233-abcdef012345678912345678",
      "x-forwarded-for": "192.0.2.1",
      "x-forwarded-proto": "https",
    },
    ...(options.connectionId !== null && { pathParameters: { connectionId: options.connectionId } }),
    requestContext: {
      accountId: "123456789012",
      apiId: "bench",
      domainName,
      domainPrefix: "bench",
      http: { method: "POST", path, protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "Stripe/1.0" },
      requestId: `bench-${index}`,
      routeKey: `POST /webhooks/${partner}${own}`,
      stage: "$default",
      time: "20/Nov/2026:00:00:00 +0000",
      timeEpoch: Number(timestamp) * 1000,
    },
    body,
    isBase64Encoded: false,
  };
}
