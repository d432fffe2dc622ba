import type { Reply } from "../../local/sandbox/definition.ts";

/** An error in Guesty's envelope; the wording of its messages is not documented. */
export function errorReply(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return { status, headers, body: { error: { code, message } } };
}

export function badParameter(message: string): Reply {
  return errorReply(400, "WRONG_REQUEST_PARAMETERS", message);
}

/** open-api-docs.guesty.com/docs/rate-limits: `Retry-after` in whole seconds. */
export function rateLimited(retryAfterSeconds: number | null): Reply {
  const hint = retryAfterSeconds === null ? {} : { "retry-after": String(Math.max(1, Math.ceil(retryAfterSeconds))) };
  return errorReply(429, "TOO_MANY_REQUESTS", "Too many requests for this account.", hint);
}
