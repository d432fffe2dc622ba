import type { Reply } from "../../local/sandbox/definition.ts";

/** Stripe's error types (docs.stripe.com/api/errors). */
export interface StripeError {
  readonly type: "api_error" | "idempotency_error" | "invalid_request_error";
  readonly code?: string;
  readonly message: string;
  readonly param?: string;
}

export function errorReply(status: number, error: StripeError, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers, body: { error } };
}

export function invalidRequest(message: string, code?: string, param?: string): Reply {
  return errorReply(400, {
    type: "invalid_request_error",
    ...(code === undefined ? {} : { code }),
    message,
    ...(param === undefined ? {} : { param }),
  });
}

/** 404 when the id stands in the path, 400 when it came as a parameter. */
export function missing(status: 400 | 404, noun: string, id: string, param = "id"): Reply {
  return errorReply(status, {
    type: "invalid_request_error",
    code: "resource_missing",
    message: `No such ${noun}: '${id}'`,
    param,
  });
}

/** docs.stripe.com/rate-limits: the reason's header tells a quota from a locked object. No Retry-After is documented. */
export function rateLimited(reason: string): Reply {
  return errorReply(
    429,
    {
      type: "invalid_request_error",
      code: "rate_limit",
      message: "Too many requests reached the API in too short a time.",
    },
    { "stripe-rate-limited-reason": reason },
  );
}

/** A 429 without the reason's header: another request holds the object (docs.stripe.com/rate-limits, "Object lock timeouts"). */
export function lockTimeout(): Reply {
  return errorReply(429, {
    type: "invalid_request_error",
    code: "lock_timeout",
    message: "Another request is using this object at the moment; try again.",
  });
}
