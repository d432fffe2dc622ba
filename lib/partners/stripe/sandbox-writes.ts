import type * as z from "zod";
import type { Reply, SandboxContext, SandboxRequest } from "../../local/sandbox/definition.ts";
import { parseForm, type Form } from "../../local/sandbox/form.ts";
import { WebhookOptions } from "../../local/sandbox/webhook-tricks.ts";
import { Change } from "./sandbox-change.ts";
import { fingerprintOf } from "./sandbox-ids.ts";
import { fieldProblem } from "./sandbox-fields.ts";
import { errorReply, invalidRequest } from "./sandbox-replies.ts";

/** What a write wants to answer and, when it has an effect, to make true. */
export interface Written {
  readonly reply: Reply;
  readonly change?: Change;
}

/** The request that causes a change. */
export interface Cause {
  readonly id: string;
  readonly idempotencyKey: string | null;
}

const KEY_LENGTH_MAX = 255;

export function requestIdOf(request: SandboxRequest): string {
  return `req_${String(request.number).padStart(14, "0")}`;
}

export function keyOf(request: SandboxRequest): string | null {
  const key = request.headers["idempotency-key"];
  return typeof key === "string" && key !== "" ? key : null;
}

/** A change caused by an API request: its webhooks go out honestly. */
export function changeBy(context: SandboxContext, account: string, cause: Cause): Change {
  return new Change(context, account, { webhooks: WebhookOptions.parse({}), eventsBefore: 0, request: cause });
}

/**
 * One POST under Stripe's idempotency (docs.stripe.com/api/idempotent_requests): the first answer of an endpoint that
 * began its work is kept with the effect itself; one whose parameters did not even fit is not.
 */
export function write<T>(
  context: SandboxContext,
  request: SandboxRequest,
  account: string,
  schema: z.ZodType<T>,
  perform: (fields: T, cause: Cause) => Written,
): Reply {
  const form = formOf(request);
  if (form === null) {
    return invalidRequest("Invalid request: a POST's content type must be application/x-www-form-urlencoded.");
  }
  const key = keyOf(request);
  if (key !== null) {
    const earlier = beginKey(context, request, account, key);
    if (earlier !== null) return earlier;
  }
  const fields = schema.safeParse(form);
  if (!fields.success) return fieldProblem(fields.error, form);
  const { reply, change } = perform(fields.data, { id: requestIdOf(request), idempotencyKey: key });
  const endpoint = `${request.method} ${request.template}`;
  const saved =
    key === null
      ? {}
      : { saved: { key, fingerprint: fingerprintOfRequest(request), status: reply.status, body: reply.body } };
  change?.commit({ ...saved, write: { endpoint, idempotencyKey: key } });
  return reply;
}

/** Keeps a deliberate 500 as the key's answer: Stripe repeats even that (docs.stripe.com/api/idempotent_requests). */
export function saveFailure(context: SandboxContext, request: SandboxRequest, account: string, reply: Reply): void {
  const key = keyOf(request);
  if (key === null || request.method !== "POST") return;
  const fingerprint = fingerprintOfRequest(request);
  const nowMs = context.clock.nowMs();
  if (context.idempotencyKeys.look(account, key, fingerprint, nowMs).kind !== "fresh") return;
  const saved = { key, fingerprint, status: reply.status, body: reply.body };
  context.record({ kind: "change", atMs: nowMs, account, puts: [], deliveries: [], saved, write: null });
}

/** An answer when the key was used before, is in use or is too long; otherwise null, and the key is in use until the answer is out. */
function beginKey(context: SandboxContext, request: SandboxRequest, account: string, key: string): Reply | null {
  if (key.length > KEY_LENGTH_MAX) return invalidRequest(`Idempotency keys have at most ${KEY_LENGTH_MAX} characters.`);
  const state = context.idempotencyKeys.look(account, key, fingerprintOfRequest(request), context.clock.nowMs());
  switch (state.kind) {
    case "answered":
      return { status: state.status, body: state.body, headers: { "idempotent-replayed": "true" } };
    case "mismatch":
      return errorReply(400, {
        type: "idempotency_error",
        message: "A key is good for one request only: this one was first used with other parameters.",
      });
    case "inFlight":
      return errorReply(409, {
        type: "idempotency_error",
        code: "idempotency_key_in_use",
        message: "Another request with this idempotency key is still under way.",
      });
    case "fresh":
      request.onClosed(context.idempotencyKeys.begin(account, key));
      return null;
  }
}

function fingerprintOfRequest(request: SandboxRequest): string {
  const parameters = new URLSearchParams(request.body);
  parameters.sort();
  return fingerprintOf(`${request.method} ${request.path} ${parameters.toString()}`);
}

/** The form of a POST; null when it is not one. */
function formOf(request: SandboxRequest): Form | null {
  const contentType = request.headers["content-type"] ?? "application/x-www-form-urlencoded";
  return contentType.startsWith("application/x-www-form-urlencoded") ? parseForm(request.body) : null;
}
