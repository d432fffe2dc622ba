/** What the host sends to a function's process. Payloads are JSON text: one encoding, measured once. */
export interface InvokeMessage {
  readonly kind: "invoke";
  readonly requestId: string;
  readonly functionArn: string;
  readonly payload: string;
  readonly deadlineMs: number;
  readonly traceHeader: string;
  readonly responseBytesMax: number;
}

/** What a function's process sends to the host. */
export type ChildMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "initFailed"; readonly errorType: string; readonly errorMessage: string }
  | { readonly kind: "returned"; readonly requestId: string; readonly payload: string }
  | { readonly kind: "threw"; readonly requestId: string; readonly errorType: string; readonly errorMessage: string };
