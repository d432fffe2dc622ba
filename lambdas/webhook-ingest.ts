import type { Context } from "aws-lambda";
import * as z from "zod";
import * as bundled from "#partner";
import { partnerOf } from "../lib/aws/environment.ts";
import { wrapHandler } from "../lib/aws/handler.ts";
import { createIngestPorts } from "../lib/aws/ingest-ports.ts";
import { partnersIn, registryOf } from "../lib/engine/registry.ts";
import { ingestWebhook } from "../lib/flows/ingest-webhook.ts";
import type { WebhookAnswer, WebhookRequest } from "../lib/flows/ingest-webhook.ts";

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
const HttpEvent = z.object({
  rawPath: z.string(),
  rawQueryString: z.string(),
  headers: z.record(z.string(), z.string()),
  pathParameters: z.object({ connectionId: z.string().optional() }).default({}),
  requestContext: z.object({ domainName: z.string(), requestId: z.string(), http: z.object({ method: z.string() }) }),
  body: z.string().default(""),
  isBase64Encoded: z.boolean(),
});

const ports = createIngestPorts(process.env, registryOf(partnersIn(bundled)));
const partner = partnerOf(ports.environment);

/** Where a partner's webhooks come in: verified, queued, answered. */
export const handler = wrapHandler(ports, async (event: unknown, _context: Context) => {
  try {
    return responseOf(await ingestWebhook(ports, requestOf(event)));
  } catch (error) {
    // A secret or a connection could not be read: nothing is kept, and the partner sends it again.
    ports.log.error("a webhook could not be taken; answered 503", { partner, error });
    ports.metrics.count("WebhooksUnavailable", 1, { partner });
    return responseOf({ status: 503, body: "" });
  }
});

function requestOf(event: unknown): WebhookRequest {
  const { rawPath, rawQueryString, headers, pathParameters, requestContext, body, isBase64Encoded } =
    HttpEvent.parse(event);
  const query = rawQueryString === "" ? "" : `?${rawQueryString}`;
  return {
    partner,
    connectionId: pathParameters.connectionId ?? null,
    headers,
    rawBody: Buffer.from(body, isBase64Encoded ? "base64" : "utf8"),
    url: `https://${requestContext.domainName}${rawPath}${query}`,
    method: requestContext.http.method,
    trace: headers["x-amzn-trace-id"] ?? requestContext.requestId,
  };
}

function responseOf({ status, body }: WebhookAnswer) {
  const contentType = body.startsWith("{") ? "application/json" : "text/plain; charset=utf-8";
  return { statusCode: status, headers: { "content-type": contentType }, body };
}
