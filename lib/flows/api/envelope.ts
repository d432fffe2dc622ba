import type { ApiError } from "./problem.ts";
import type { ApiResponse } from "./request.ts";

/** What a resource answers with; the envelope and the headers are put around it in one place. */
export type Reply =
  | {
      readonly status: 200 | 201 | 202;
      readonly data: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** HTML, for the one caller who is a person's browser. */
  | { readonly status: 200 | 400; readonly page: string };

export function succeeded(reply: Reply): ApiResponse {
  if ("page" in reply) {
    const headers = { ...securityHeaders, "content-type": "text/html; charset=utf-8" };
    return { status: reply.status, headers, body: reply.page };
  }
  return enveloped(reply.status, { status: "ok", data: reply.data, errors: [] }, reply.headers);
}

export function failed(
  status: number,
  errors: readonly ApiError[],
  headers?: Readonly<Record<string, string>>,
): ApiResponse {
  return enveloped(status, { status: "error", data: null, errors }, headers);
}

interface Envelope {
  readonly status: "ok" | "error";
  readonly data: unknown;
  readonly errors: readonly ApiError[];
}

function enveloped(
  status: number,
  envelope: Envelope,
  headers: Readonly<Record<string, string>> | undefined,
): ApiResponse {
  return { status, headers: { ...headers, ...securityHeaders }, body: JSON.stringify(envelope) };
}

/** Answers hold customers' data: nothing may cache, sniff, frame or run them. */
export const securityHeaders: Readonly<Record<string, string>> = {
  "content-type": "application/json; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=31536000; includeSubDomains",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};
