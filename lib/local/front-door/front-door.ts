import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { accessDenied } from "./access-denied.ts";
import { AwsError } from "./aws-error.ts";
import type { Caller, DoorRequest, DoorResponse, ServiceHandler } from "./door-request.ts";
import type { Onlooker } from "../onlooker.ts";
import type { Identities } from "./identities.ts";
import type { PolicyBook } from "./policy/policy-book.ts";
import { renderAnswer, renderError } from "./render.ts";
import { verifySignature } from "./signature.ts";

export interface FrontDoorOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly account: string;
  readonly identities: Identities;
  readonly policies: PolicyBook;
  /** By the service name of the credential scope: `sqs`, `dynamodb`. */
  readonly services: Readonly<Record<string, ServiceHandler>>;
  /** Hears of refusals and faults; one line each, without bodies. */
  readonly log: (line: string) => void;
  readonly onlooker?: Pick<Onlooker, "asked" | "answered"> | undefined;
}

export interface FrontDoor {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * One loopback address for every SDK call: checks the signature, judges the caller's policies, hands the call to its service.
 * @throws {Error} saying so when the port is taken
 */
export async function openFrontDoor(options: FrontDoorOptions): Promise<FrontDoor> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
    void serve(options, incoming, outgoing);
  });
  await listen(server, options.port);
  // A TCP server's address is never a pipe name.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === "EADDRINUSE";
      reject(isTaken ? new Error(`Port ${port} is taken: stop what listens there, or choose another port.`) : error);
    });
    server.listen(port, "127.0.0.1", resolve);
  });
}

async function serve(options: FrontDoorOptions, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const service = serviceOf(incoming.headers.authorization);
  const gone = new AbortController();
  outgoing.once("close", () => {
    // Every answered call closes as well, and an abort nobody waits for costs as much as checking a signature.
    if (!outgoing.writableFinished) gone.abort();
  });
  let response: DoorResponse;
  try {
    response = await handle(options, incoming, service, gone.signal);
  } catch (error) {
    response = renderError(service, publicError(error, service, options.log));
  }
  if (outgoing.destroyed) return;
  outgoing.writeHead(response.status, response.headers);
  outgoing.end(response.body);
}

async function handle(
  options: FrontDoorOptions,
  incoming: IncomingMessage,
  service: string,
  signal: AbortSignal,
): Promise<DoorResponse> {
  const handler = options.services[service];
  const request = await readRequest(incoming, handler?.bodyBytesMax ?? unknownServiceBytesMax);
  const { identity } = verifySignature(request, options.identities, Date.now());
  if (handler === undefined) {
    throw new AwsError("UnknownOperationException", `The local stack does not offer the service "${service}".`);
  }
  const understood = handler.understand(request);
  const call = { service, ...understood, request, caller: identity.caller, signal };
  options.onlooker?.asked(call);
  const requirements = handler.requirements(call);
  for (const requirement of requirements) judge(options, service, identity.caller, requirement);
  const response = renderAnswer(service, await handler.answer(call));
  options.onlooker?.answered(call, response);
  return response;
}

const unknownServiceBytesMax = 64 * 1024;

function judge(
  options: FrontDoorOptions,
  service: string,
  caller: Caller,
  requirement: Parameters<PolicyBook["judge"]>[1],
): void {
  if (caller.kind === "operator") return;
  const decision = options.policies.judge(caller.roleArn, requirement);
  if (decision.kind === "allowed") return;
  const error = accessDenied(service, options.account, caller.roleName, requirement, decision);
  options.log(`denied: ${error.message}`);
  throw error;
}

/** The service is a part of what is signed, so reading it before the check gives nothing away. */
function serviceOf(authorization: string | undefined): string {
  return /Credential=[^/]+\/\d{8}\/[^/]+\/([a-z0-9-]+)\//.exec(authorization ?? "")?.[1] ?? "unknown";
}

async function readRequest(incoming: IncomingMessage, bodyBytesMax: number): Promise<DoorRequest> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    // A request stream without an encoding yields buffers.
    const buffer = chunk as Buffer;
    size += buffer.length;
    if (size > bodyBytesMax)
      throw new AwsError("RequestEntityTooLarge", `The request is over ${bodyBytesMax} bytes.`, 413);
    chunks.push(buffer);
  }
  const [path, query] = splitOnce(incoming.url ?? "/", "?");
  return {
    method: incoming.method ?? "GET",
    path,
    query,
    headers: singleHeaders(incoming),
    body: chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks),
  };
}

function singleHeaders(incoming: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(",") : value;
  }
  return headers;
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** What the caller may see of an error: AWS's own shape, or a bare internal failure; the cause goes to the log. */
function publicError(error: unknown, service: string, log: (line: string) => void): AwsError {
  if (error instanceof AwsError) return error;
  if (error instanceof URIError) return new AwsError("ValidationException", "The request's address is malformed.");
  log(`fault in ${service}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return new AwsError("InternalFailure", "The request processing has failed because of an unknown error.", 500);
}
