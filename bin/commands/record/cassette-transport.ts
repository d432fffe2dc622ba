import { isDeepStrictEqual } from "node:util";
import type { OutboundAnswer, OutboundRequest, Transport } from "../../../lib/engine/ports.ts";
import type { Cassette, Exchange } from "./cassette.ts";

/**
 * Answers as the partner did when the cassettes were recorded.
 *
 * @throws Error from `send`, when no exchange has the request's method, path and query; it names those that there are.
 */
export function cassetteTransport(cassettes: readonly Cassette[]): Transport {
  const exchanges = cassettes.flatMap((cassette) => cassette.exchanges);
  return {
    send: async (request) => {
      const exchange = exchanges.find((candidate) => isAnswered(candidate, request));
      if (exchange !== undefined) return answerOf(exchange.answer);
      const known = exchanges.map(({ request: { method, path } }) => `${method} ${path}`).join(", ");
      throw new Error(`No cassette answers ${request.method} ${request.url}; recorded: ${known || "nothing"}.`);
    },
  };
}

/** An answer as it goes over the wire: JSON, unless it was recorded as a text that is none. */
export function answerOf({ status, headers, body }: Exchange["answer"]): OutboundAnswer {
  const text = body === null ? "" : typeof body === "string" ? body : JSON.stringify(body);
  return { kind: "answered", status, headers, body: new TextEncoder().encode(text) };
}

function isAnswered({ request: recorded }: Exchange, request: OutboundRequest): boolean {
  const url = new URL(request.url);
  const isSameQuery = isDeepStrictEqual(Object.fromEntries(url.searchParams), recorded.query);
  return recorded.method === request.method && recorded.path === url.pathname && isSameQuery;
}
