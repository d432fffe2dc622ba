import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { SandboxClock } from "./clock.ts";
import type { Reply, Route, Sandbox, SandboxRequest } from "./definition.ts";
import type { Ledger } from "./ledger.ts";
import type { Judgement, Limiter } from "./limiter.ts";
import type { JournalEntry } from "./journal-entry.ts";
import type { Misbehaviour, MisbehaviourRequest } from "./misbehaviour.ts";
import type { ControlHandler } from "./controls.ts";
import { createRouter, type Match } from "./router.ts";

const BODY_BYTES_MAX = 1 << 20;
const QUERY_KEPT_MAX = 300;

export interface ServerParts {
  readonly clock: SandboxClock;
  readonly sandbox: Sandbox;
  readonly ledger: Ledger;
  readonly limiter: Limiter;
  readonly misbehaviour: Misbehaviour;
  readonly control: ControlHandler;
  readonly record: (entry: JournalEntry) => void;
}

/** An answer and how it is to be given. */
interface Answer {
  readonly reply: Reply;
  readonly account: string | null;
  readonly scopes: readonly string[];
  readonly misbehaviour: MisbehaviourRequest | null;
}

/** The HTTP side of a sandbox, listening on loopback: judge, answer, enter in the ledger, send. */
export async function listen(
  parts: ServerParts,
  port: number,
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const route = createRouter(parts.sandbox.routes);
  const server = createServer((incoming, response) => {
    receive(parts, route, incoming, response).catch((error: unknown) => breakDown(response, error));
  });
  const address = await listening(server, port);
  return {
    url: `http://127.0.0.1:${address}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type RouteOf = (method: string, path: string) => Match<Route> | null;

async function receive(
  parts: ServerParts,
  routeOf: RouteOf,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const arrivedAtMs = parts.clock.nowMs();
  const [path = "/", query = ""] = splitOnce(incoming.url ?? "/", "?");
  const isControl = path.startsWith("/__sandbox/");
  const match = isControl ? null : routeOf(incoming.method ?? "GET", path);
  const heading: SandboxRequest = {
    number: 0,
    arrivedAtMs,
    method: incoming.method ?? "GET",
    path,
    query,
    template: match?.endpoint.template ?? "unknown",
    params: match?.params ?? {},
    headers: incoming.headers,
    body: "",
    onClosed: (run) => response.once("close", run),
  };
  if (isControl) return transmit(response, parts.control({ ...heading, body: (await readBody(incoming)) ?? "" }), {});
  const gate = admit(parts, heading);
  const body = await readBody(incoming);
  // The number is taken last, so that numbers follow the order of the journal.
  const request: SandboxRequest = { ...heading, number: parts.ledger.nextAnswer, body: body ?? "" };
  const answer =
    body === null
      ? { ...noMisbehaviour(gate), reply: { status: 413, body: "" } }
      : answerTo(parts, match, request, gate);
  await give(parts, request, response, answer);
}

type Gate = {
  readonly account: string | null;
  readonly refusedWith: ((request: SandboxRequest) => Reply) | null;
  readonly scopes: readonly string[];
};

/** Who it is and whether its limits allow it, judged at its arrival, before its body is there. */
function admit(parts: ServerParts, request: SandboxRequest): Gate {
  const identified = parts.sandbox.identify(request);
  if (identified.kind === "reply") return { account: null, refusedWith: () => identified.reply, scopes: [] };
  const { account } = identified;
  const rules = parts.sandbox.limits(account, request);
  const judgement = parts.limiter.judge(rules, request.arrivedAtMs);
  if (judgement.kind === "admitted") {
    request.onClosed(() => judgement.release());
    return {
      account,
      refusedWith: null,
      scopes: rules.filter((rule) => rule.kind !== "concurrency").map((rule) => rule.scope),
    };
  }
  const [refusal] = judgement.refusals;
  recordViolations(parts, account, request, judgement);
  return { account, refusedWith: (whole) => parts.sandbox.refuse(refusal, whole), scopes: [] };
}

function recordViolations(
  parts: ServerParts,
  account: string,
  request: SandboxRequest,
  judgement: Extract<Judgement, { kind: "refused" }>,
): void {
  for (const { rule, count } of judgement.refusals) {
    parts.record({
      kind: "violation",
      atMs: request.arrivedAtMs,
      account,
      endpoint: `${request.method} ${request.template}`,
      scope: rule.scope,
      limit: rule.limit,
      windowMs: "windowMs" in rule ? rule.windowMs : null,
      count,
    });
  }
}

function answerTo(parts: ServerParts, match: Match<Route> | null, request: SandboxRequest, gate: Gate): Answer {
  const plain = noMisbehaviour(gate);
  if (gate.refusedWith !== null || gate.account === null) {
    return { ...plain, reply: gate.refusedWith?.(request) ?? parts.sandbox.notFound(request) };
  }
  if (match === null) return { ...plain, reply: parts.sandbox.notFound(request) };
  const { account } = gate;
  const asked = parts.misbehaviour.befall(request.method, request.path, request.arrivedAtMs);
  const handle = () => match.endpoint.handle(request, account);
  if (asked === null) return { ...plain, reply: handle() };
  return { ...plain, misbehaviour: asked, reply: misbehave(parts, asked, request, account, handle) };
}

function misbehave(
  parts: ServerParts,
  asked: MisbehaviourRequest,
  request: SandboxRequest,
  account: string,
  handle: () => Reply,
): Reply {
  if (asked.kind === "slow" || asked.kind === "malformed-json") return handle();
  const applied = asked.effect === "applied" ? handle() : null;
  if (asked.kind === "timeout") return applied ?? { status: 200, body: "" };
  return parts.sandbox.fail(asked.kind, asked, request, account);
}

function noMisbehaviour(gate: Gate) {
  return { account: gate.account, scopes: gate.scopes, misbehaviour: null };
}

/** Enters the answer in the ledger and only then sends it, as it is or spoilt. */
async function give(
  parts: ServerParts,
  request: SandboxRequest,
  response: ServerResponse,
  answer: Answer,
): Promise<void> {
  const { reply, misbehaviour: asked } = answer;
  const spoilt = asked !== null && asked.kind !== "slow";
  const headers = parts.sandbox.headers(request);
  parts.record({
    kind: "answer",
    number: request.number,
    atMs: request.arrivedAtMs,
    account: answer.account,
    method: request.method,
    template: request.template,
    query: request.query.slice(0, QUERY_KEPT_MAX),
    status: asked?.kind === "timeout" ? 0 : reply.status,
    references: spoilt ? [] : [...(reply.references ?? [])],
    snapshots: spoilt ? [] : [...(reply.snapshots ?? [])],
    single: reply.single ?? false,
    deliberate: asked?.kind ?? null,
    scopes: [...answer.scopes],
  });
  const end = () =>
    parts.record({
      kind: "written",
      number: request.number,
      atMs: parts.clock.nowMs(),
      complete: response.writableFinished,
    });
  if (response.closed) return end();
  response.once("close", end);
  if (asked?.kind === "timeout") return;
  if (asked?.kind === "slow") await pause(parts.clock, asked.delayMs, response);
  transmit(response, asked?.kind === "malformed-json" ? cutShort(reply) : reply, headers);
}

function pause(clock: SandboxClock, delayMs: number, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(delayMs, resolve);
    response.once("close", () => {
      cancel();
      resolve();
    });
  });
}

function transmit(response: ServerResponse, reply: Reply, headers: Readonly<Record<string, string>>): void {
  if (response.closed) return;
  const body = Buffer.from(serialised(reply.body), "utf8");
  response.writeHead(reply.status, {
    "content-type": "application/json",
    "content-length": body.length,
    ...headers,
    ...reply.headers,
  });
  response.end(body);
}

function serialised(body: unknown): string {
  return typeof body === "string" ? body : JSON.stringify(body);
}

/** An answer that ends in the middle of its JSON, with a length that does not give it away. */
function cutShort(reply: Reply): Reply {
  const text = serialised(reply.body);
  return { ...reply, body: text.slice(0, Math.max(1, Math.floor(text.length * 0.6))) };
}

/** The whole body, or null when it is larger than any honest request. */
async function readBody(incoming: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of incoming) {
    if (!Buffer.isBuffer(chunk)) continue;
    sizeBytes += chunk.length;
    if (sizeBytes <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  return sizeBytes > BODY_BYTES_MAX ? null : Buffer.concat(chunks).toString("utf8");
}

function splitOnce(text: string, separator: string): readonly string[] {
  const place = text.indexOf(separator);
  return place === -1 ? [text, ""] : [text.slice(0, place), text.slice(place + 1)];
}

function listening(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => reject(new Error(`A sandbox cannot listen on 127.0.0.1:${port}`, { cause })));
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("The sandbox's server has no port"));
      else resolve(address.port);
    });
  });
}

/** A fault of the sandbox itself, never a misbehaviour: it must be seen, not mistaken for the partner's. */
function breakDown(response: ServerResponse, error: unknown): void {
  if (response.closed) return;
  process.stderr.write(
    `A sandbox failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  if (!response.headersSent) response.writeHead(599, { "content-type": "text/plain" });
  response.end("The sandbox itself failed; see its log.");
}
