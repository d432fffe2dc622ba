import type { Reply } from "../../local/sandbox/definition.ts";

const headers = { "cache-control": "no-cache, no-store" };

export interface Fault {
  readonly type: "ValidationFault" | "AuthenticationFault" | "SERVICE" | "SystemFault";
  readonly code: string;
  readonly message: string;
  readonly detail: string;
}

/** The one form of errors: developer.intuit.com/app/developer/qbo/docs/develop/troubleshooting/error-codes */
export function fault(status: number, { type, code, message, detail }: Fault, atMs: number): Reply {
  const body = {
    Fault: { Error: [{ Message: message, Detail: detail, code, element: "" }], type },
    time: new Date(atMs).toISOString(),
  };
  return { status, headers, body };
}

/** As reported from the field; no `Retry-After` is sent. */
export function throttled(atMs: number): Reply {
  const message = "message=ThrottleExceeded; errorCode=003001; statusCode=429";
  return fault(429, { type: "SERVICE", code: "3001", message, detail: "The request limit was reached." }, atMs);
}

/** A text in the vendor's own lower-case form: the gateway before the API answers it. */
export function unauthenticated(atMs: number): Reply {
  const message = "message=AuthenticationFailed; errorCode=003200; statusCode=401";
  const body = {
    time: Math.floor(atMs),
    fault: {
      error: [{ message, detail: "Malformed bearer token: token expired or revoked", code: "3200" }],
      type: "AUTHENTICATION",
    },
  };
  return { status: 401, headers, body };
}

export function notFound(atMs: number): Reply {
  const detail = "Object Not Found : Something you're trying to use has been made inactive.";
  return fault(400, { type: "ValidationFault", code: "610", message: "Object Not Found", detail }, atMs);
}

export function badQuery(detail: string, atMs: number): Reply {
  return fault(400, { type: "ValidationFault", code: "4000", message: "Error parsing query", detail }, atMs);
}
