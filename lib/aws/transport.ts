import type { OutboundAnswer, OutboundRequest, Transport } from "../engine/ports.ts";
import type { SandboxHosts } from "./sandbox-hosts.ts";

type Lost = Extract<OutboundAnswer, { kind: "lost" }>;

/** Sends with the runtime's own fetch. What did not arrive is a value: the fate of such a call is unknown. */
export function createTransport(sandboxHosts: SandboxHosts): Transport {
  return {
    async send(request) {
      const signal = AbortSignal.timeout(request.timeoutMs);
      try {
        const answer = await fetch(addressOf(request.url, sandboxHosts), {
          method: request.method,
          headers: request.headers,
          body: request.body,
          // A redirect could carry a credential to somebody else's host: the caller sees the 3xx.
          redirect: "manual",
          signal,
        });
        const body = await readBounded(answer, request);
        if (body instanceof Uint8Array)
          return { kind: "answered", status: answer.status, headers: Object.fromEntries(answer.headers), body };
        return body;
      } catch (error) {
        return lostBy(error, signal);
      }
    },
  };
}

/** The partner's own address, or on the local stack its sandbox's. */
function addressOf(address: string, sandboxHosts: SandboxHosts): string {
  const url = new URL(address);
  const sandbox = sandboxHosts.get(url.host);
  if (sandbox === undefined) return address;
  return `${sandbox.replace(/\/$/, "")}${url.pathname}${url.search}`;
}

async function readBounded(answer: Response, request: OutboundRequest): Promise<Uint8Array | Lost> {
  if (answer.body === null) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body) {
    const piece: unknown = chunk;
    if (!(piece instanceof Uint8Array)) continue;
    bytes += piece.byteLength;
    // Leaving the loop cancels the stream: the rest is never read.
    if (bytes > request.bytesMax) {
      return { kind: "lost", reason: "too-large", detail: `more than ${request.bytesMax} bytes` };
    }
    chunks.push(piece);
  }
  return Buffer.concat(chunks);
}

/** Codes alone: messages of the network hold addresses. */
function lostBy(error: unknown, signal: AbortSignal): Lost {
  if (signal.aborted) return { kind: "lost", reason: "timeout", detail: "no answer in time" };
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : null;
  return { kind: "lost", reason: "network", detail: typeof code === "string" ? code : "connection failed" };
}
