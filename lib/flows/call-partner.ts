import { mayRenew, withRefusedNew } from "../engine/access-token.ts";
import { classifyAnswer } from "../engine/classify.ts";
import type { AnswerVerdict } from "../engine/classify.ts";
import type { ParsedAnswer, PartnerDriver, PartnerRequest } from "../engine/define-partner.ts";
import { PartnerError } from "../engine/errors.ts";
import { noHints } from "../engine/gate/no-hints.ts";
import { hintsOf } from "../engine/hints/limit-hints.ts";
import type { Lane } from "../engine/job.ts";
import { scopesFor } from "../engine/limits.ts";
import type { BucketScope, Connection, CredentialFields, OutboundAnswer, Ports } from "../engine/ports.ts";
import { parseJson } from "../engine/parse-json.ts";
import { redactText } from "../engine/redact.ts";
import { accountPlace, urlFor } from "../engine/request-url.ts";
import { authorise } from "./authorise.ts";
import type { AuthorisePorts } from "./authorise.ts";
import { guardCall, heldSince } from "./guard-call.ts";
import type { GuardPorts } from "./guard-call.ts";
import type { TokensAhead } from "./tokens-ahead.ts";

export type CallPorts = AuthorisePorts & GuardPorts & Pick<Ports, "gate">;

export interface PartnerCall {
  readonly driver: PartnerDriver;
  readonly connection: Connection;
  readonly request: PartnerRequest;
  readonly lane: Lane;
  /** The call must have been answered by then; what cannot be is a wait. */
  readonly deadlineMs: number;
  /** Of calls that one worker makes one after the other, so that it asks the gate for several at once. */
  readonly tokens?: TokensAhead;
  /** Of the run that the call belongs to, which asks for its own: what the partner says of limits holds for them too. */
  readonly heeding?: TokensAhead;
  /** Asks how the partner is while its breaker holds everything else back; the caller was admitted to it. */
  readonly probe?: boolean;
}

export type CallResult =
  | { readonly kind: "ok"; readonly body: unknown; readonly beganMs: number }
  | { readonly kind: "wait"; readonly untilMs: number; readonly reason: string }
  | { readonly kind: "failed"; readonly error: PartnerError };

const callTimeoutMs = 20_000;
const answerBytesMax = 8 * 1024 * 1024;
/** A sleeping function is a paid function: what is further away than this is deferred. */
const sleepMsMax = 3_000;
const reservationsMax = 3;
/** After a refusal that does not say for how long. */
const untoldMs = 1_000;

/**
 * The road of every call for a partner's data: asks whether calls are held back, checks the host against the driver, signs, takes a token, sends it at
 * its time, and says what the answer means. What is refused is tried once more with a newer token or key. Never throws for what a partner does.
 * Token endpoints and published keys are asked beside it, by whoever needs a token or a key.
 */
export function callPartner(ports: CallPorts, call: PartnerCall): Promise<CallResult> {
  return guardCall(ports, call, () => sendSigned(ports, call));
}

async function sendSigned(ports: CallPorts, call: PartnerCall): Promise<CallResult> {
  const first = await callOnce(ports, call, null);
  if (first.kind !== "refused") return first;
  if (!(await isWorthAnother(ports, call, first))) return { kind: "failed", error: first.error };
  const second = await callOnce(ports, call, first.token);
  if (second.kind !== "refused") return second;
  if (call.driver.auth.kind !== "header") await noteRefusedNew(ports, call.connection, second.token);
  return { kind: "failed", error: second.error };
}

/** A token may have run out, and a key may have been replaced within the minute that credentials are cached for. */
async function isWorthAnother(ports: CallPorts, call: PartnerCall, refused: Refused): Promise<boolean> {
  const { auth } = call.driver;
  if (auth.kind === "client-credentials") return mayRenew(refused.fields, auth, ports.clock.nowMs());
  if (auth.kind === "authorization-code") return mayRenew(refused.fields, { tokensPerDay: null }, ports.clock.nowMs());
  const stored = await ports.credentials.read(call.connection, { fresh: true });
  return stored !== null && stored.fields[auth.field] !== refused.token;
}

/** Somebody else's change of the credential is no reason to try again: the note is only worth money. */
async function noteRefusedNew(ports: CallPorts, connection: Connection, token: string): Promise<void> {
  const stored = await ports.credentials.read(connection, { fresh: true });
  if (stored === null || stored.fields["accessToken"] !== token) return;
  const noted = withRefusedNew(stored.fields);
  if (Object.keys(noted).length > Object.keys(stored.fields).length)
    await ports.credentials.replace(connection, stored, noted);
}

/** The partner did not take what the call was signed with: it ran out, was revoked, or may not do this. */
interface Refused {
  readonly kind: "refused";
  readonly token: string;
  readonly fields: CredentialFields;
  readonly error: PartnerError;
}

async function callOnce(ports: CallPorts, call: PartnerCall, rejected: string | null): Promise<CallResult | Refused> {
  const { driver, connection } = call;
  const admittedMs = ports.clock.nowMs();
  const onBehalf = driver.headersFor === undefined ? {} : driver.headersFor(connection);
  if (onBehalf === null || (connection.account === null && driver.baseUrl.includes(accountPlace)))
    return { kind: "failed", error: accountMissing(driver, connection) };
  const url = urlFor(driver, call.request, connection.account);
  if (url === null) return { kind: "failed", error: hostRefused(driver, call.request) };
  const authorised = await authorise(ports, driver, connection, rejected);
  if (authorised.kind !== "authorised") return authorised;

  const scopes = scopesFor(driver, connection, call.request, authorised.fields);
  const admission = await admit(ports, { ...call, admittedMs }, scopes);
  if (admission.kind === "wait") return admission;
  const beganMs = ports.clock.nowMs();
  const answer = await ports.transport.send({
    method: call.request.method,
    url,
    headers: {
      accept: "application/json",
      ...contentTypeOf(call.request),
      ...driver.headers,
      ...onBehalf,
      ...authorised.headers,
    },
    body: bodyOf(call.request),
    timeoutMs: Math.max(1_000, Math.min(callTimeoutMs, call.deadlineMs - beganMs)),
    bytesMax: answerBytesMax,
  });
  const result = await judge(ports, call, admission, answer, beganMs);
  const renewable = result.kind === "failed" && result.error.kind === "auth";
  return renewable
    ? { kind: "refused", token: authorised.token, fields: authorised.fields, error: result.error }
    : result;
}

function contentTypeOf({ body, form }: PartnerRequest): Readonly<Record<string, string>> {
  if (form !== undefined) return { "content-type": "application/x-www-form-urlencoded" };
  return body === undefined ? {} : { "content-type": "application/json" };
}

function bodyOf({ body, form }: PartnerRequest): string | null {
  if (form !== undefined) return formText(form);
  return body === undefined ? null : JSON.stringify(body);
}

function formText(form: NonNullable<PartnerRequest["form"]>): string {
  const text = new URLSearchParams();
  for (const [name, value] of form) text.append(name, value);
  return text.toString();
}

interface Admitted {
  readonly kind: "admitted";
  readonly id: string;
  readonly scopes: readonly BucketScope[];
}

async function admit(
  ports: CallPorts,
  call: PartnerCall & { readonly admittedMs: number },
  scopes: readonly BucketScope[],
): Promise<Admitted | Extract<CallResult, { kind: "wait" }>> {
  for (let attempt = 0; attempt < reservationsMax; attempt++) {
    // Before a token is taken: a look after it could make the token late.
    const held = await heldSince(ports, call, call.admittedMs);
    if (held !== null) return held;
    const deadlineMs = Math.min(call.deadlineMs, ports.clock.nowMs() + sleepMsMax);
    const reservation = await (call.tokens ?? ports.gate).reserve({
      scopes,
      weight: call.request.weight ?? 1,
      want: 1,
      lane: call.lane,
      connectionId: call.connection.connectionId,
      deadlineMs,
    });
    if (reservation.kind === "refused")
      return { kind: "wait", untilMs: reservation.retryAtMs, reason: reservation.reason };
    const sendAtMs = reservation.sendAtMs[0];
    if (sendAtMs === undefined) return { kind: "wait", untilMs: ports.clock.nowMs() + 1_000, reason: "limit" };
    const earlyMs = sendAtMs - ports.clock.nowMs();
    if (earlyMs > 0) await ports.clock.sleep(earlyMs);
    if (ports.clock.nowMs() <= sendAtMs + reservation.lateMsMax)
      return { kind: "admitted", id: reservation.id, scopes };
    // Sent late, a dated token could land in a window that is already full: it is abandoned, and not given back either.
    ports.metrics.count("TokensAbandoned", 1, { partner: call.driver.name });
  }
  return { kind: "wait", untilMs: ports.clock.nowMs() + 1_000, reason: "limit" };
}

async function judge(
  ports: CallPorts,
  call: PartnerCall,
  admitted: Admitted,
  answer: OutboundAnswer,
  beganMs: number,
): Promise<CallResult> {
  const nowMs = ports.clock.nowMs();
  const verdict = classifyAnswer(call.driver, answer, {
    nowMs,
    call: `${call.request.method} ${call.request.path}`,
    redact: redactText,
  });
  const error = verdict.kind === "failed" ? verdict.error : null;
  ports.metrics.count("PartnerCalls", 1, { partner: call.driver.name, kind: error === null ? "ok" : error.kind });
  const hints = answer.kind === "lost" ? noHints : hintsOf(call.driver, readAnswer(answer, verdict), nowMs);
  const wishMs = error?.kind === "rate" ? laterOf(hints.notBeforeMs, error.retryAfterMs, nowMs) : hints.notBeforeMs;
  // Of a call that was not answered nobody knows whether it is still under way; most others change nothing at the gate.
  if (answer.kind === "answered") {
    await ports.gate.settle(admitted.id, {
      scopes: admitted.scopes,
      connectionId: call.connection.connectionId,
      sent: 1,
      unused: 0,
      kinds: error === null ? [] : [error.kind],
      hints: { ...hints, notBeforeMs: wishMs },
    });
    await (call.tokens ?? call.heeding)?.heed({ notBeforeMs: wishMs, remaining: hints.remaining });
  }
  if (error?.kind === "rate") return limited(ports, call, wishMs, nowMs);
  if (verdict.kind === "failed") return verdict;
  return { kind: "ok", body: verdict.body, beganMs };
}

/** Our own limits are there so that this is seldom: each time is worth a line, and whether the partner said for how long. */
function limited(ports: CallPorts, call: PartnerCall, wishMs: number | null, nowMs: number): CallResult {
  const untilMs = wishMs ?? nowMs + untoldMs;
  ports.log.info("the partner refused a call for its limit; it is made later", {
    partner: call.driver.name,
    connectionId: call.connection.connectionId,
    endpoint: call.request.endpoint,
    waitMs: Math.round(untilMs - nowMs),
    toldByPartner: wishMs !== null,
  });
  return { kind: "wait", untilMs, reason: "partner-limit" };
}

/** The later of two wishes to be left alone; null when there is neither. */
function laterOf(notBeforeMs: number | null, retryAfterMs: number | null | undefined, nowMs: number): number | null {
  if (retryAfterMs === null || retryAfterMs === undefined) return notBeforeMs;
  return Math.max(notBeforeMs ?? 0, nowMs + retryAfterMs);
}

/** Parsed once where it was good; answers that were not are small. */
function readAnswer(answer: Extract<OutboundAnswer, { kind: "answered" }>, verdict: AnswerVerdict): ParsedAnswer {
  const { status, headers } = answer;
  if (verdict.kind === "ok") return { status, headers, body: verdict.body };
  const parsed = parseJson(answer.body);
  return { status, headers, body: parsed.kind === "json" ? parsed.body : undefined };
}

function hostRefused(driver: PartnerDriver, request: PartnerRequest): PartnerError {
  return new PartnerError({
    code: "host-not-allowed",
    kind: "client",
    partner: driver.name,
    message: `${driver.title}: a call to a host that the driver does not allow was not sent; add the host to the driver's \`hosts\` if it is the partner's.`,
    cause: { expected: `the host of ${driver.baseUrl} or one of its hosts`, actual: request.endpoint },
  });
}

/** Whose data it is stands in every path or header: without it nobody's could be asked for, or somebody else's. */
function accountMissing(driver: PartnerDriver, { connectionId }: Connection): PartnerError {
  return new PartnerError({
    code: "account-missing",
    kind: "client",
    partner: driver.name,
    message: `${driver.title}: connection ${connectionId} does not say which account it is of, or not as the partner's page says, and every call needs it. Delete it and connect the account again with its id.`,
    cause: { expected: "a connection with an account", actual: "one without" },
  });
}
