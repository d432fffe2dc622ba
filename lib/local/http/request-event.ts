import type { IncomingMessage } from "node:http";
import { encodeBody } from "./body-encoding.ts";

/** The event of payload format 2.0: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
export interface HttpEvent {
  readonly version: "2.0";
  readonly routeKey: string;
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly cookies?: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly queryStringParameters?: Readonly<Record<string, string>>;
  readonly pathParameters?: Readonly<Record<string, string>>;
  readonly requestContext: HttpRequestContext;
  readonly body?: string;
  readonly isBase64Encoded: boolean;
}

export interface HttpRequestContext {
  readonly accountId: string;
  readonly apiId: string;
  readonly domainName: string;
  readonly domainPrefix: string;
  readonly http: {
    readonly method: string;
    readonly path: string;
    readonly protocol: string;
    readonly sourceIp: string;
    readonly userAgent: string;
  };
  readonly requestId: string;
  readonly routeKey: string;
  readonly stage: "$default";
  readonly time: string;
  readonly timeEpoch: number;
}

export interface RequestFacts {
  readonly request: Pick<IncomingMessage, "method" | "url" | "httpVersion" | "rawHeaders" | "socket">;
  readonly body: Buffer;
  readonly routeKey: string;
  readonly pathParameters: Readonly<Record<string, string>>;
  readonly accountId: string;
  readonly apiId: string;
  readonly requestId: string;
  readonly traceHeader: string;
  readonly nowMs: number;
}

// They belong to the connection, not to the message.
const hopHeaders = new Set([
  "connection",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

export function requestEvent(facts: RequestFacts): HttpEvent {
  const { request, routeKey, pathParameters } = facts;
  const { path, query } = splitTarget(request.url ?? "/");
  const sourceIp = (request.socket.remoteAddress ?? "").replace(/^::ffff:/, "");
  const received = joinHeaders(request.rawHeaders);
  const { cookie, ...headers } = forwarded(received, facts, sourceIp);
  const rawPath = decodePath(path);
  const domainName = (received["host"] ?? "localhost").replace(/:\d+$/, "");
  return {
    version: "2.0",
    routeKey,
    rawPath,
    rawQueryString: query,
    ...(cookie === undefined ? {} : { cookies: cookie.split(/;\s*/).filter((each) => each !== "") }),
    headers,
    ...(query === "" ? {} : { queryStringParameters: joinQuery(query) }),
    ...(Object.keys(pathParameters).length === 0 ? {} : { pathParameters }),
    requestContext: {
      accountId: facts.accountId,
      apiId: facts.apiId,
      domainName,
      domainPrefix: domainName.split(".")[0] ?? domainName,
      http: {
        method: request.method ?? "GET",
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp,
        userAgent: received["user-agent"] ?? "",
      },
      requestId: facts.requestId,
      routeKey,
      stage: "$default",
      time: commonLogTime(facts.nowMs),
      timeEpoch: facts.nowMs,
    },
    ...encodeBody(facts.body, received["content-type"]),
  };
}

/** Path and query of a request line's target, both as sent. */
export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const mark = target.indexOf("?");
  return mark < 0 ? { path: target, query: "" } : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/** HTTP APIs give `rawPath` decoded, its name notwithstanding: https://github.com/middleapi/standard-server/pull/93 */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function joinHeaders(rawHeaders: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? "").toLowerCase();
    const value = rawHeaders[index + 1] ?? "";
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}${name === "cookie" ? "; " : ","}${value}`;
  }
  return headers;
}

function forwarded(
  received: Readonly<Record<string, string>>,
  facts: RequestFacts,
  sourceIp: string,
): Record<string, string> {
  const kept = Object.fromEntries(Object.entries(received).filter(([name]) => !hopHeaders.has(name)));
  const before = received["x-forwarded-for"];
  return {
    ...kept,
    "content-length": String(facts.body.length),
    "x-amzn-trace-id": facts.traceHeader,
    "x-forwarded-for": before === undefined ? sourceIp : `${before}, ${sourceIp}`,
    "x-forwarded-port": String(facts.request.socket.localPort ?? ""),
    "x-forwarded-proto": "http",
  };
}

function joinQuery(query: string): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query))
    joined[name] = name in joined ? `${joined[name]},${value}` : value;
  return joined;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `12/Mar/2020:19:03:58 +0000` */
function commonLogTime(nowMs: number): string {
  const [date = "", time = ""] = new Date(nowMs).toISOString().split("T");
  const [year, month, day] = date.split("-");
  return `${day}/${months[Number(month) - 1]}/${year}:${time.slice(0, 8)} +0000`;
}
