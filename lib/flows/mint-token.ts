import * as z from "zod";
import { beginMint, TokenAnswer, withToken } from "../engine/access-token.ts";
import { classifyAnswer } from "../engine/classify.ts";
import { dataFailure } from "../engine/data-failure.ts";
import type { ClientCredentials, PartnerDriver } from "../engine/define-partner.ts";
import { PartnerError } from "../engine/errors.ts";
import { parseJson } from "../engine/parse-json.ts";
import type { Connection, CredentialFields, OutboundAnswer } from "../engine/ports.ts";
import { redactText } from "../engine/redact.ts";
import { urlFor } from "../engine/request-url.ts";
import type { Authorised, AuthorisePorts } from "./authorise.ts";
import { credentialAlerts, noteRenewal } from "./oauth/note-renewal.ts";

export type Minted =
  { readonly kind: "minted"; readonly fields: CredentialFields } | Exclude<Authorised, { kind: "authorised" }>;

const timeoutMs = 15_000;
const answerBytesMax = 64 * 1024;

/**
 * Buys a token and stores it. That it is asked for is stored first: dying after the call, the partner has counted it and
 * so have we. The caller holds the lease.
 */
export async function mintToken(ports: AuthorisePorts, driver: PartnerDriver, connection: Connection): Promise<Minted> {
  const { auth } = driver;
  const used = await ports.credentials.read(connection, { fresh: true });
  if (auth.kind !== "client-credentials" || used === null)
    return { kind: "wait", untilMs: ports.clock.nowMs() + 1_000, reason: "token" };
  const verdict = beginMint(used.fields, auth, ports.clock.nowMs());
  if (verdict.kind === "exhausted") {
    ports.metrics.count("TokensExhausted", 1, { partner: driver.name });
    ports.metrics.count(credentialAlerts, 1, {});
    return { kind: "wait", untilMs: verdict.retryAtMs, reason: "token-limit" };
  }
  if ((await ports.credentials.replace(connection, used, verdict.fields)) === "superseded")
    return { kind: "wait", untilMs: ports.clock.nowMs() + 1_000, reason: "token" };
  const answer = await requestToken(ports, driver, auth, used.fields);
  if (answer.kind !== "token") return answer;
  const counted = await ports.credentials.read(connection, { fresh: true });
  // Somebody gave the connection another credential meanwhile; this token belongs to the one before.
  if (counted === null || counted.fields["clientId"] !== used.fields["clientId"])
    return { kind: "wait", untilMs: ports.clock.nowMs() + 1_000, reason: "token" };
  const fields = withToken(counted.fields, answer.token, ports.clock.nowMs());
  if ((await ports.credentials.replace(connection, counted, fields)) === "superseded")
    return { kind: "wait", untilMs: ports.clock.nowMs() + 1_000, reason: "token" };
  ports.metrics.count("TokensMinted", 1, { partner: driver.name });
  noteRenewal(ports, driver, connection, fields);
  return { kind: "minted", fields };
}

async function requestToken(
  ports: AuthorisePorts,
  driver: PartnerDriver,
  auth: ClientCredentials,
  fields: CredentialFields,
): Promise<{ readonly kind: "token"; readonly token: TokenAnswer } | Exclude<Authorised, { kind: "authorised" }>> {
  const url = urlFor(driver, { method: "POST", path: auth.tokenUrl, query: {}, endpoint: "POST token" });
  if (url === null) return { kind: "failed", error: tokenHostRefused(driver) };
  const { clientId = "", clientSecret = "" } = fields;
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: clientSecret,
    ...auth.parameters,
  });
  const answer = await ports.transport.send({
    method: "POST",
    url,
    headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
    body: body.toString(),
    timeoutMs,
    bytesMax: answerBytesMax,
  });
  const nowMs = ports.clock.nowMs();
  const verdict = classifyAnswer(driver, answer, { nowMs, call: "POST (token)", redact: redactText });
  if (verdict.kind === "failed") {
    const { error } = verdict;
    if (refusesCredential(answer)) return { kind: "failed", error: credentialRefused(driver, error) };
    return error.kind === "rate"
      ? { kind: "wait", untilMs: nowMs + (error.retryAfterMs ?? 60_000), reason: "token-limit" }
      : { kind: "failed", error };
  }
  const parsed = TokenAnswer.safeParse(verdict.body);
  if (parsed.success) return { kind: "token", token: parsed.data };
  return {
    kind: "failed",
    error: dataFailure(driver, "bad-token-answer", "a token answer (RFC 6749, 5.1)", parsed.error),
  };
}

const RefusedAnswer = z.object({ error: z.enum(["invalid_client", "invalid_grant", "unauthorized_client"]) });

/** The credential itself is not taken: https://www.rfc-editor.org/rfc/rfc6749#section-5.2 */
function refusesCredential(answer: OutboundAnswer): boolean {
  if (answer.kind !== "answered") return false;
  if (answer.status === 401) return true;
  const parsed = parseJson(answer.body);
  return answer.status === 400 && parsed.kind === "json" && RefusedAnswer.safeParse(parsed.body).success;
}

function credentialRefused(driver: PartnerDriver, { cause }: PartnerError): PartnerError {
  const message = `${driver.title} gives out no token for this connection's client id and secret: they were revoked or are wrong.`;
  return new PartnerError({ code: "credential-refused", kind: "auth", partner: driver.name, message, cause });
}

function tokenHostRefused(driver: PartnerDriver): PartnerError {
  return new PartnerError({
    code: "host-not-allowed",
    kind: "client",
    partner: driver.name,
    message: `${driver.title}: the token endpoint is on a host that the driver does not allow; add it to the driver's \`hosts\`.`,
    cause: { expected: "one of the driver's hosts", actual: "another" },
  });
}
