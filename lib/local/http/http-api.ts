import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Clock } from "../clock.ts";
import type { LocalFunctionHost } from "../functions/function-host.ts";
import { newTraceHeader } from "../functions/trace-header.ts";
import { createUnfinished } from "../functions/unfinished.ts";
import type { LocalLog } from "../log.ts";
import type { Onlooker } from "../onlooker.ts";
import type { HttpApiModel, InvocationResult, RouteModel } from "../types.ts";
import { gatewayMessage, gatewayResponse, tooLargeMessage, type GatewayResponse } from "./gateway-response.ts";
import { listen } from "./listen.ts";
import { readBody } from "./read-body.ts";
import { requestEvent, splitTarget } from "./request-event.ts";
import { createRouteTable, type RouteMatch } from "./route-table.ts";
import { writeResponse } from "./write-response.ts";
import { createTokenBucket, type TokenBucket } from "./token-bucket.ts";

/** An HTTP API of the templates, served on loopback. */
export interface HttpApi {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Requests under way. */
  unfinished(): number;
  /** Takes no more requests; resolves when those under way are answered, or after `graceMs`. */
  stop(graceMs?: number): Promise<void>;
}

export interface HttpApiOptions {
  readonly api: HttpApiModel;
  readonly accountId: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly host: Pick<LocalFunctionHost, "invoke">;
  readonly clock: Clock;
  readonly onLog: LocalLog;
  readonly onlooker?: Pick<Onlooker, "told"> | undefined;
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const integrationMsMax = 30_000;
const headerBytesMax = 10_240;
const connectionsMax = 1024;
const keepAliveMs = 65_000;

/** Serves the API. A port that is taken is an error that says so. */
export async function startHttpApi(options: HttpApiOptions): Promise<HttpApi> {
  const { clock, onLog } = options;
  const requests = createUnfinished(clock);
  const answer = createAnswerer(options);
  const server = createServer({ maxHeaderSize: headerBytesMax }, (request, response) => {
    void requests
      .during(() => answer(request, response))
      .catch((error: unknown) => {
        onLog({ level: "warn", source: "http", text: `a request was not answered: ${String(error)}` });
        if (response.headersSent) response.destroy();
        else writeResponse(response, randomUUID(), gatewayMessage(500, "Internal Server Error"));
      });
  });
  server.maxConnections = connectionsMax;
  // Node's 5 s would hang up on clients that use a connection again after a pause.
  server.keepAliveTimeout = keepAliveMs;
  const url = await listen(server, options.port);
  return {
    url,
    unfinished: () => requests.count(),
    async stop(graceMs = 10_000) {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeIdleConnections();
      await requests.none(graceMs);
      server.closeAllConnections();
      await closed;
    },
  };
}

function createAnswerer(
  options: HttpApiOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { api, clock } = options;
  const table = createRouteTable(api.routes);
  const buckets = throttles(api, clock);

  async function respond(request: IncomingMessage, requestId: string): Promise<GatewayResponse | "aborted"> {
    const match = table.match(request.method ?? "GET", splitTarget(request.url ?? "/").path);
    if (match === null) return gatewayMessage(404, "Not Found");
    if (buckets.get(match.route)?.take() === false) return gatewayMessage(429, "Too Many Requests");
    const read = await readBody(request, clock);
    if (read.kind === "aborted") return "aborted";
    if (read.kind === "tooLarge") return tooLargeMessage;
    return integrate(options, { request, requestId, match, body: read.body });
  }

  return async (request, response) => {
    const requestId = randomUUID();
    const answer = await respond(request, requestId);
    if (answer === "aborted") return;
    const { path } = splitTarget(request.url ?? "/");
    options.onlooker?.told({ method: request.method ?? "GET", path }, answer);
    writeResponse(response, requestId, answer);
  };
}

interface Arrived {
  readonly request: IncomingMessage;
  readonly requestId: string;
  readonly match: RouteMatch<RouteModel>;
  readonly body: Buffer;
}

async function integrate(options: HttpApiOptions, arrived: Arrived): Promise<GatewayResponse> {
  const { api, clock, host } = options;
  const { request, requestId, match, body } = arrived;
  const { routeKey, functionArn } = match.route;
  const nowMs = clock.nowMs();
  const traceHeader = request.headers["x-amzn-trace-id"]?.toString() ?? newTraceHeader(nowMs);
  const event = requestEvent({
    request,
    body,
    routeKey,
    pathParameters: match.pathParameters,
    accountId: options.accountId,
    apiId: api.id,
    requestId,
    traceHeader,
    nowMs,
  });
  // The function goes on when the gateway has given up, as on AWS.
  const result = await within(
    clock,
    integrationMsMax,
    host.invoke(functionArn, event, { traceHeader, waitMsMax: integrationMsMax }),
  );
  const answer =
    result === "late"
      ? gatewayMessage(503, "Service Unavailable", `the function took longer than ${integrationMsMax} ms`)
      : gatewayResponse(result);
  // The route, never the path: for partners that sign nothing the path is the secret.
  if (answer.problem !== undefined)
    options.onLog({
      level: "warn",
      source: "http",
      text: `${routeKey} answered ${answer.statusCode}: ${answer.problem}`,
    });
  return answer;
}

function within(clock: Clock, limitMs: number, work: Promise<InvocationResult>): Promise<InvocationResult | "late"> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(limitMs, () => resolve("late"));
    work.then(resolve, reject).finally(cancel);
  });
}

function throttles(api: HttpApiModel, clock: Clock): ReadonlyMap<RouteModel, TokenBucket> {
  const buckets = new Map<RouteModel, TokenBucket>();
  for (const route of api.routes) {
    const limit = route.throttle ?? api.defaultThrottle;
    if (limit !== null) buckets.set(route, createTokenBucket(limit, clock));
  }
  return buckets;
}
