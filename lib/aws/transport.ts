import { lookup } from "node:dns";
import { Agent as HttpAgent, request as requestHttp } from "node:http";
import type { IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { isIP } from "node:net";
import type { LookupFunction } from "node:net";
import type { OutboundAnswer, OutboundRequest, Transport } from "../engine/ports.ts";
import { decoded } from "./content-encoding.ts";
import { AddressRefused, createCheckedLookup } from "./checked-lookup.ts";
import { isPublicAddress } from "./outbound-address.ts";
import { standInOf, type SandboxHosts } from "./sandbox-hosts.ts";

type Lost = Extract<OutboundAnswer, { kind: "lost" }>;

/** How names become addresses, and which of these may be called. */
export interface Outside {
  readonly resolve: LookupFunction;
  readonly isAllowed: (address: string) => boolean;
}

const internet: Outside = { resolve: lookup, isAllowed: isPublicAddress };

/** Shorter than any partner's: a socket that was left lying while the function was frozen is not taken up again. */
const idleMs = 4_000;

/**
 * Sends by https alone, to addresses of the public internet alone; a host's sandbox, where there is one, is the only
 * exception. Node's own http client, because it lets the address be checked that is connected to. What did not arrive is
 * a value: the fate of such a call is unknown. Follows no redirect.
 */
export function createTransport(sandboxHosts: SandboxHosts, outside: Outside = internet): Transport {
  const shared = { keepAlive: true, timeout: idleMs };
  const agents = { http: new HttpAgent(shared), https: new HttpsAgent(shared) };
  const checkedLookup = createCheckedLookup(outside.resolve, outside.isAllowed);
  const call = (request: OutboundRequest, signal: AbortSignal): Promise<IncomingMessage> => {
    const sandbox = standInOf(request.url, sandboxHosts);
    const url = sandbox ?? new URL(request.url);
    if (sandbox === null) refuseUnlessOutside(url, outside);
    const { method } = request;
    const options = { method, headers: headersOf(request), signal, ...(sandbox === null && { lookup: checkedLookup }) };
    return new Promise((resolve, reject) => {
      const sent =
        url.protocol === "http:"
          ? requestHttp(url, { ...options, agent: agents.http })
          : requestHttps(url, { ...options, agent: agents.https });
      // A redirect could carry a credential to somebody else's host: the caller sees the 3xx.
      sent.on("response", resolve).on("error", reject).end(request.body);
    });
  };

  return {
    async send(request) {
      const signal = AbortSignal.timeout(request.timeoutMs);
      try {
        const answer = await call(request, signal);
        const body = await readBounded(answer, request.bytesMax);
        if (body instanceof Uint8Array)
          return { kind: "answered", status: answer.statusCode ?? 0, headers: headersIn(answer), body };
        return body;
      } catch (error) {
        return lostBy(error, signal);
      }
    },
  };
}

class NotHttps extends Error {
  readonly code = "NOT_HTTPS";
}

/** A host that is an address is never looked up. URLs have turned its other spellings (decimal, octal, hex) into the one. */
function refuseUnlessOutside(url: URL, outside: Outside): void {
  if (url.protocol !== "https:") throw new NotHttps();
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0 && !outside.isAllowed(host)) throw new AddressRefused();
}

function headersOf(request: OutboundRequest): Record<string, string> {
  return {
    // GitHub, for one, refuses calls without it. https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
    "user-agent": "sluice",
    accept: "*/*",
    "accept-encoding": "gzip, deflate, br",
    ...lowerCased(request.headers),
    // Node leaves it out of a DELETE, and the body would be taken for the next request.
    ...(request.body !== null && { "content-length": String(Buffer.byteLength(request.body)) }),
  };
}

function lowerCased(headers: OutboundRequest["headers"]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function headersIn(answer: IncomingMessage): Record<string, string> {
  const entries = Object.entries(answer.headersDistinct);
  return Object.fromEntries(entries.map(([name, values]) => [name, (values ?? []).join(", ")]));
}

async function readBounded(answer: IncomingMessage, bytesMax: number): Promise<Uint8Array | Lost> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of decoded(answer)) {
    const piece: unknown = chunk;
    if (!(piece instanceof Uint8Array)) continue;
    bytes += piece.byteLength;
    // Leaving the loop destroys the stream: the rest is never read.
    if (bytes > bytesMax) return { kind: "lost", reason: "too-large", detail: `more than ${bytesMax} bytes` };
    chunks.push(piece);
  }
  return Buffer.concat(chunks);
}

/** Codes alone: messages of the network hold addresses. */
function lostBy(error: unknown, signal: AbortSignal): Lost {
  if (signal.aborted) return { kind: "lost", reason: "timeout", detail: "no answer in time" };
  const code = error instanceof Error && "code" in error ? error.code : null;
  return { kind: "lost", reason: "network", detail: typeof code === "string" ? code : "connection failed" };
}
