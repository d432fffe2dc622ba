export interface OutboundRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly timeoutMs: number;
  /** The answer is cut off, and the call fails, beyond this. */
  readonly bytesMax: number;
}

export type OutboundAnswer =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Uint8Array;
    }
  /** No answer: the fate of the call is unknown. */
  | { readonly kind: "lost"; readonly reason: "timeout" | "network" | "too-large"; readonly detail: string };

/** Sends one request. Host checks, metering and redaction are `callPartner`'s; nothing else may use this port. */
export interface Transport {
  send(request: OutboundRequest): Promise<OutboundAnswer>;
}
