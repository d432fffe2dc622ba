import type { PartnerDriver } from "./define-partner.ts";
import { PartnerError } from "./errors.ts";
import type { ErrorKind } from "./errors.ts";
import type { OutboundAnswer } from "./ports.ts";
import { parseJson } from "./parse-json.ts";
import type { ParsedJson } from "./parse-json.ts";
import { retryAfterMsOf } from "./hints/retry-after.ts";

/** What a call came to. `body` is the parsed JSON; undefined when the answer has no content (204, 205). */
export type AnswerVerdict =
  | {
      readonly kind: "ok";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: unknown;
    }
  | { readonly kind: "failed"; readonly error: PartnerError };

export interface AnswerContext {
  readonly nowMs: number;
  /** The call as an error may show it, such as `GET /charges?limit=100`; cut at 1 KB. */
  readonly call: string;
  /** Takes secrets and personal data out of a text. */
  readonly redact: (text: string) => string;
}

/** What of a driver decides about an answer. */
export type AnswerRules = Pick<PartnerDriver, "name" | "title" | "failures" | "classify">;

type Answered = Extract<OutboundAnswer, { kind: "answered" }>;
/**
 * The one table from an answer to an error kind. The driver's `classify` is asked first, then its `failures` by status,
 * then the table: 2xx ok · 408, 425, 5xx transient · 429 rate · 401, 403 auth · any other status client · a body that is
 * not JSON where it has to be, or is too large, data · no answer at all transient.
 *
 * The error's code is the driver's own, or `http-<status>`, `bad-json`, `empty-answer`, `answer-too-large`, `lost-timeout`, `lost-network`.
 *
 * @example
 * const verdict = classifyAnswer(driver, answer, { nowMs, call: "GET /charges", redact });
 * if (verdict.kind === "failed") throw verdict.error;
 */
export function classifyAnswer(driver: AnswerRules, answer: OutboundAnswer, context: AnswerContext): AnswerVerdict {
  if (answer.kind === "lost") return { kind: "failed", error: lostError(driver, answer, context) };
  const parsed = parseJson(answer.body);
  const body = parsed.kind === "json" ? parsed.body : parsed.kind === "unreadable" ? parsed.text : undefined;
  const own = driver.classify?.({ status: answer.status, headers: answer.headers, body }) ?? null;
  const kind = own?.kind ?? driver.failures?.[answer.status] ?? kindOfStatus(answer.status);
  if (kind === "ok") return readBody(driver, answer, parsed, context);
  const retryAfterMs = own?.retryAfterMs ?? retryAfterMsOf(answer.headers["retry-after"], context.nowMs);
  const failure = {
    kind,
    code: own?.code ?? `http-${answer.status}`,
    expected: "a 2xx answer",
    actual: describe(answer, context),
    retryAfterMs,
  };
  return { kind: "failed", error: errorOf(driver, failure, `answered ${answer.status}`, context) };
}

/** Whether an error says that the one thing asked for is not there (any more): 404 or 410 that the driver gave no other meaning. */
export function saysGone(error: PartnerError): boolean {
  return error.code === "http-404" || error.code === "http-410";
}

function kindOfStatus(status: number): ErrorKind | "ok" {
  if (status >= 200 && status <= 299) return "ok";
  if (status === 408 || status === 425 || status >= 500) return "transient";
  if (status === 429) return "rate";
  if (status === 401 || status === 403) return "auth";
  return "client";
}

function readBody(driver: AnswerRules, answer: Answered, parsed: ParsedJson, context: AnswerContext): AnswerVerdict {
  const { status, headers } = answer;
  if (parsed.kind === "json") return { kind: "ok", status, headers, body: parsed.body };
  if (parsed.kind === "empty" && (status === 204 || status === 205))
    return { kind: "ok", status, headers, body: undefined };
  const code = parsed.kind === "empty" ? "empty-answer" : "bad-json";
  const failure = {
    kind: "data" as const,
    code,
    expected: "JSON",
    actual: describe(answer, context),
    retryAfterMs: null,
  };
  return { kind: "failed", error: errorOf(driver, failure, `answered ${status} without readable JSON`, context) };
}

function lostError(
  driver: AnswerRules,
  answer: Extract<OutboundAnswer, { kind: "lost" }>,
  context: AnswerContext,
): PartnerError {
  const actual = excerpt(context.redact(`${answer.reason}: ${answer.detail}`));
  if (answer.reason === "too-large") {
    // Asking again brings the same answer, so this is no transient failure although the answer was lost.
    const failure = {
      kind: "data" as const,
      code: "answer-too-large",
      expected: "an answer within the bound",
      actual,
      retryAfterMs: null,
    };
    return errorOf(driver, failure, "sent more than we read", context);
  }
  const failure = {
    kind: "transient" as const,
    code: `lost-${answer.reason}`,
    expected: "an answer",
    actual,
    retryAfterMs: null,
  };
  return errorOf(
    driver,
    failure,
    answer.reason === "timeout" ? "did not answer in time" : "could not be reached",
    context,
  );
}

const advice: Readonly<Record<ErrorKind, string>> = {
  transient: "It is tried again by itself.",
  rate: "It is tried again when the partner's limit allows.",
  client: "Asking again will not help: the call or the connection's settings have to change.",
  auth: "Check the connection's credential and what it is allowed to read.",
  data: "Look at the kept answer: the partner or the driver's expectation has changed.",
};

interface FailureOfCall {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly expected: string;
  readonly actual: string;
  readonly retryAfterMs: number | null;
}

function errorOf(driver: AnswerRules, failure: FailureOfCall, what: string, context: AnswerContext): PartnerError {
  const call = excerpt(context.redact(context.call));
  return new PartnerError({
    code: failure.code,
    kind: failure.kind,
    partner: driver.name,
    message: `${driver.title} ${what} (${failure.code}) to ${call}. ${advice[failure.kind]}`,
    cause: { expected: failure.expected, actual: failure.actual, call },
    ...(failure.retryAfterMs === null ? {} : { retryAfterMs: failure.retryAfterMs }),
  });
}

const excerptBytesMax = 1024;
/** Read before redaction: more than is kept, so that a secret is whole when the redactor sees it. */
const redactedBytesMax = 16 * 1024;

function describe(answer: Answered, context: AnswerContext): string {
  const type = (answer.headers["content-type"] ?? "no content type").slice(0, 100);
  const text = new TextDecoder().decode(answer.body.subarray(0, redactedBytesMax));
  return excerpt(context.redact(`${answer.status}, ${type}, ${answer.body.byteLength} bytes: ${text}`));
}

/** At most 1 KB of a text, cut between characters. */
function excerpt(text: string): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.byteLength <= excerptBytesMax) return text;
  // `stream` holds back the character that the cut went through.
  return `${new TextDecoder().decode(bytes.subarray(0, excerptBytesMax - 3), { stream: true })}…`;
}
