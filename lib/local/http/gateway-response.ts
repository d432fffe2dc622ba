import * as z from "zod";
import type { InvocationResult } from "../types.ts";

/** What goes back to the client. */
export interface GatewayResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
  /** For the log when the gateway itself had to answer. */
  readonly problem?: string;
}

/** The gateway's own answer, as API Gateway words it. */
export function gatewayMessage(statusCode: number, message: string, problem?: string): GatewayResponse {
  return {
    statusCode,
    headers: { "content-type": "application/json" },
    body: Buffer.from(JSON.stringify({ message })),
    ...(problem === undefined ? {} : { problem }),
  };
}

export const tooLargeMessage = gatewayMessage(413, "Request Entity Too Large");

const statusCode = z.coerce.number().int().min(200).max(599);
const fullAnswer = z.looseObject({
  statusCode,
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish(),
  cookies: z.array(z.string()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

// The gateway frames the message itself.
const ownHeaders = new Set(["connection", "content-length", "keep-alive", "transfer-encoding"]);

/**
 * Turns a function's result into the answer, in both formats of payload 2.0: an object with a status code says
 * everything, anything else is the body of a 200.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html#http-api-develop-integrations-lambda.response
 */
export function gatewayResponse(result: InvocationResult): GatewayResponse {
  switch (result.kind) {
    case "returned":
      return fromPayload(result.payload);
    case "threw":
      if (result.errorType === "RequestTooLargeException") return tooLargeMessage;
      return gatewayMessage(500, "Internal Server Error", `the function threw ${result.errorType}`);
    case "timedOut":
      return gatewayMessage(500, "Internal Server Error", `the function was over its ${result.timeoutSeconds} s`);
    case "crashed":
      return gatewayMessage(500, "Internal Server Error", "the function's process crashed");
    case "throttled":
      return gatewayMessage(503, "Service Unavailable", "no process was free to run the function");
  }
}

function fromPayload(payload: unknown): GatewayResponse {
  if (typeof payload !== "object" || payload === null || !("statusCode" in payload)) return simple(payload);
  const parsed = fullAnswer.safeParse(payload);
  if (!parsed.success) {
    const fields = parsed.error.issues.map((issue) => issue.path.join(".")).join(", ");
    return gatewayMessage(500, "Internal Server Error", `the function's response does not fit format 2.0: ${fields}`);
  }
  const { headers, cookies, body, isBase64Encoded } = parsed.data;
  return {
    statusCode: parsed.data.statusCode,
    headers: {
      "content-type": "text/plain;charset=UTF-8",
      ...ownNamed(headers ?? {}),
      ...(cookies === null || cookies === undefined || cookies.length === 0 ? {} : { "set-cookie": cookies }),
    },
    body: Buffer.from(body ?? "", isBase64Encoded === true ? "base64" : "utf8"),
  };
}

function simple(payload: unknown): GatewayResponse {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  return { statusCode: 200, headers: { "content-type": "application/json" }, body: Buffer.from(text) };
}

function ownNamed(headers: Readonly<Record<string, string | number | boolean>>): Record<string, string> {
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  return Object.fromEntries(lower.filter(([name]) => !ownHeaders.has(name)));
}
