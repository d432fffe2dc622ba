import type { OutboundAnswer, OutboundRequest, Transport } from "../../../lib/engine/ports.ts";

export type Responder = (request: OutboundRequest) => OutboundAnswer | Promise<OutboundAnswer>;

/** A partner that answers as the test says. */
export class ScriptedTransport implements Transport {
  readonly requests: OutboundRequest[] = [];
  #responder: Responder = (request) => {
    throw new Error(`nothing answers ${request.method} ${request.url}: call transport.respond(…) first`);
  };

  respond(responder: Responder): void {
    this.#responder = responder;
  }

  async send(request: OutboundRequest): Promise<OutboundAnswer> {
    this.requests.push(request);
    const answer = await this.#responder(request);
    const bytes = answer.kind === "answered" ? answer.body.byteLength : 0;
    if (bytes <= request.bytesMax) return answer;
    return { kind: "lost", reason: "too-large", detail: `more than ${request.bytesMax} bytes` };
  }
}

/** An answer with a JSON body. */
export function jsonAnswer(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): OutboundAnswer {
  return {
    kind: "answered",
    status,
    headers: { "content-type": "application/json", ...headers },
    body: new TextEncoder().encode(JSON.stringify(body)),
  };
}
