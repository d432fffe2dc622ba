import * as z from "zod";
import { answerTokenRequest, ingestWebhook } from "../ingest-webhook.ts";
import type { IngestPorts, WebhookAnswer, WebhookRequest } from "../ingest-webhook.ts";

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
const HttpEvent = z.object({
  routeKey: z.string(),
  rawPath: z.string(),
  rawQueryString: z.string(),
  headers: z.record(z.string(), z.string()),
  pathParameters: z.object({ connectionId: z.string().optional() }).default({}),
  requestContext: z.object({ domainName: z.string(), requestId: z.string(), http: z.object({ method: z.string() }) }),
  body: z.string().default(""),
  isBase64Encoded: z.boolean(),
});

/** What API Gateway takes for an answer. */
export interface GatewayAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Answers one request of API Gateway's to a partner's routes: a webhook, or the partner asking for its token. Never throws. */
export async function answerGateway(ports: IngestPorts, partner: string, event: unknown): Promise<GatewayAnswer> {
  try {
    const { routeKey, request } = readEvent(partner, event);
    const answer = routeKey.endsWith("/token") ? answerTokenRequest : ingestWebhook;
    return gatewayAnswer(await answer(ports, request));
  } catch (error) {
    // A secret or a connection could not be read: nothing is kept, and the partner sends it again.
    ports.log.error("a webhook could not be taken; answered 503", { partner, error });
    ports.metrics.count("WebhooksUnavailable", 1, { partner });
    return gatewayAnswer({ status: 503, body: "" });
  }
}

function readEvent(partner: string, event: unknown): { readonly routeKey: string; readonly request: WebhookRequest } {
  const { routeKey, rawPath, rawQueryString, headers, pathParameters, requestContext, body, isBase64Encoded } =
    HttpEvent.parse(event);
  const query = rawQueryString === "" ? "" : `?${rawQueryString}`;
  const request = {
    partner,
    connectionId: pathParameters.connectionId ?? null,
    headers,
    rawBody: Buffer.from(body, isBase64Encoded ? "base64" : "utf8"),
    url: `https://${requestContext.domainName}${rawPath}${query}`,
    method: requestContext.http.method,
    trace: headers["x-amzn-trace-id"] ?? requestContext.requestId,
  };
  return { routeKey, request };
}

/** A challenge's answer is the caller's own words: nothing may take it for a page, keep it or run it. */
const safeHeaders: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "strict-transport-security": "max-age=31536000; includeSubDomains",
  "x-content-type-options": "nosniff",
};

function gatewayAnswer({ status, headers, body }: WebhookAnswer): GatewayAnswer {
  const contentType = body.startsWith("{") ? "application/json" : "text/plain; charset=utf-8";
  return { statusCode: status, headers: { "content-type": contentType, ...headers, ...safeHeaders }, body };
}
