import type { Context } from "aws-lambda";
import * as z from "zod";
import config from "#config";
import { createApiKeyCheck } from "../lib/aws/api-key.ts";
import { createClients } from "../lib/aws/clients.ts";
import { createWorkInEmergency } from "../lib/aws/emergency-function.ts";
import { readEnvironment } from "../lib/aws/environment.ts";
import { wrapHandler } from "../lib/aws/handler.ts";
import { createOnce } from "../lib/aws/once.ts";
import { createPorts } from "../lib/aws/ports.ts";
import { createUserPoolKeys, userPoolIn } from "../lib/aws/user-pool-keys.ts";
import { KeyCache } from "../lib/engine/signatures/key-cache.ts";
import { tableNameFor } from "../lib/engine/names.ts";
import { registryOf } from "../lib/engine/registry.ts";
import { handleApi } from "../lib/flows/api/handle-api.ts";
import type { ApiRequest, ApiResponse } from "../lib/flows/api/request.ts";
import { createKeyVerifier } from "../lib/flows/api/verify-key.ts";
import { createUserVerifier } from "../lib/flows/api/verify-user.ts";

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
const HttpEvent = z.object({
  rawPath: z.string(),
  headers: z.record(z.string(), z.string()),
  queryStringParameters: z.record(z.string(), z.string()).default({}),
  requestContext: z.object({ domainName: z.string().optional(), http: z.object({ method: z.string() }) }),
  body: z.string().default(""),
  isBase64Encoded: z.boolean(),
});

const ports = createPorts(process.env, registryOf(config.partners));
const environment = readEnvironment(process.env);
const clients = createClients(environment);
const isFirstKey = createApiKeyCheck(environment.stage, clients.secretsManager, ports.clock);
const pool = userPoolIn(process.env["SLUICE_USERS"]);
const verifyUser =
  pool === null
    ? null
    : createUserVerifier({
        ...ports,
        pool,
        poolKeys: new KeyCache({ source: createUserPoolKeys(pool, ports.transport), clock: ports.clock }),
      });
const verifyApiKey = createKeyVerifier({ ...ports, isFirstKey, verifyUser });
const onceWithin = createOnce<ApiResponse>(clients.dynamo(), tableNameFor(environment.stage, "idempotency"), "api");
const workInEmergency = createWorkInEmergency(environment);

/** The HTTP API, version 1, behind API Gateway. */
export const handler = wrapHandler(ports, async (event: unknown, context: Context) => {
  const request = requestOf(event, context);
  return resultOf(await handleApi({ ...ports, verifyApiKey, once: onceWithin(context), workInEmergency }, request));
});

function requestOf(event: unknown, context: Context): ApiRequest {
  const { rawPath, headers, queryStringParameters, requestContext, body, isBase64Encoded } = HttpEvent.parse(event);
  return {
    method: requestContext.http.method,
    path: rawPath,
    query: queryStringParameters,
    headers,
    body: Buffer.from(body, isBase64Encoded ? "base64" : "utf8"),
    // What the function's log lines carry; the gateway's own id is in its answer's apigw-requestid.
    requestId: context.awsRequestId,
    ...(requestContext.domainName !== undefined && { origin: originOf(requestContext.domainName, headers) }),
  };
}

/** API Gateway is reached by TLS and on its own port alone; the local stack on a port of its own, without. */
function originOf(domainName: string, headers: Readonly<Record<string, string>>): string {
  const isPlain = headers["x-forwarded-proto"] === "http";
  const port = headers["x-forwarded-port"] ?? "";
  return isPlain && /^\d{1,5}$/.test(port) ? `http://${domainName}:${port}` : `https://${domainName}`;
}

function resultOf(response: ApiResponse) {
  return { statusCode: response.status, headers: response.headers, body: response.body };
}
