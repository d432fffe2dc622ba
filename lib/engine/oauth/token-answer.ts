import * as oauth from "oauth4webapi";
import { classifyAnswer } from "../classify.ts";
import type { AuthorizationCode, PartnerDriver } from "../define-partner.ts";
import { PartnerError } from "../errors.ts";
import { parseJson } from "../parse-json.ts";
import type { OutboundAnswer, OutboundRequest } from "../ports.ts";
import { redactText } from "../redact.ts";
import { urlFor } from "../request-url.ts";
import type { OAuthApp } from "./oauth-app.ts";
import { scopesIn } from "./scopes.ts";

export interface GrantedToken {
  readonly accessToken: string;
  /** null: the one that there is stays good. */
  readonly refreshToken: string | null;
  /** null: the partner does not say. */
  readonly lifeMs: number | null;
  readonly scopes: readonly string[] | null;
  /** The rest of the answer: partners put account ids there. */
  readonly rest: Readonly<Record<string, unknown>>;
}

export type Grant =
  | { readonly kind: "code"; readonly code: string; readonly verifier: string; readonly redirectUri: string }
  | { readonly kind: "refresh"; readonly refreshToken: string };

export type TokenOutcome =
  | { readonly kind: "granted"; readonly token: GrantedToken }
  /** The partner says no: an error code of https://www.rfc-editor.org/rfc/rfc6749#section-5.2 */
  | { readonly kind: "refused"; readonly code: string }
  /** No answer, or none that says what became of the call: a one-use token may be spent. */
  | { readonly kind: "unknown"; readonly error: PartnerError }
  | { readonly kind: "failed"; readonly error: PartnerError };

interface TokenCall {
  readonly driver: PartnerDriver;
  readonly auth: AuthorizationCode;
  readonly app: OAuthApp;
  readonly grant: Grant;
  readonly nowMs: () => number;
  readonly send: (request: OutboundRequest) => Promise<OutboundAnswer>;
}

const timeoutMs = 15_000;
const answerBytesMax = 64 * 1024;
const lifeSecondsMax = 10 * 366 * 86_400;

/**
 * Asks a token endpoint. oauth4webapi makes the form, authenticates us and validates the answer; it sends through our
 * transport, so hosts, time-outs and tests stay ours, and on this road it draws no randomness and reads no clock. An ID
 * token is dropped unread: nobody signs in here, and what is not used need not be verified. Never throws for what a partner does.
 */
export async function requestToken(call: TokenCall): Promise<TokenOutcome> {
  const { driver, auth, app } = call;
  const url = urlFor(driver, { method: "POST", path: auth.tokenUrl, query: {}, endpoint: "POST token" });
  if (url === null) return { kind: "failed", error: hostRefused(driver) };
  const client = { client_id: app.clientId };
  const server = { issuer: new URL(auth.tokenUrl).origin, token_endpoint: url };
  let answer: OutboundAnswer = { kind: "lost", reason: "network", detail: "not sent" };
  const authentication =
    auth.clientAuthentication === "basic"
      ? oauth.ClientSecretBasic(app.clientSecret)
      : oauth.ClientSecretPost(app.clientSecret);
  try {
    const [grantType, parameters] = parametersOf(call.grant);
    const response = await oauth.genericTokenEndpointRequest(server, client, authentication, grantType, parameters, {
      [oauth.customFetch]: async (address, { headers, body }) => {
        answer = await call.send({
          method: "POST",
          url: address,
          headers,
          body: String(body),
          timeoutMs,
          bytesMax: answerBytesMax,
        });
        return responseOf(answer);
      },
    });
    const granted = readGranted(await oauth.processGenericTokenEndpointResponse(server, client, response));
    return granted === null ? { kind: "failed", error: badAnswer(driver) } : { kind: "granted", token: granted };
  } catch (error) {
    return outcomeOf(call, answer, error);
  }
}

function parametersOf(grant: Grant): [string, URLSearchParams] {
  if (grant.kind === "refresh") return ["refresh_token", new URLSearchParams({ refresh_token: grant.refreshToken })];
  const { code, verifier, redirectUri } = grant;
  const form = new URLSearchParams({ code, redirect_uri: redirectUri, code_verifier: verifier });
  return ["authorization_code", form];
}

class NoResponse extends Error {}

/** The answer as the library takes it. The content type is by what the body is: many partners send JSON as text. */
function responseOf(answer: OutboundAnswer): Response {
  if (answer.kind === "lost") throw new NoResponse();
  const parsed = parseJson(answer.body);
  if (parsed.kind !== "json" || answer.status < 200 || answer.status > 599) throw new NoResponse();
  const { id_token: _identity, ...body } = recordOf(parsed.body);
  return new Response(JSON.stringify(body), {
    status: [204, 205, 304].includes(answer.status) ? 500 : answer.status,
    headers: { "content-type": "application/json" },
  });
}

function recordOf(body: unknown): Record<string, unknown> {
  return typeof body === "object" && body !== null && !Array.isArray(body) ? { ...body } : {};
}

/** null: what the library lets through and nobody could use. */
function readGranted(answer: oauth.TokenEndpointResponse): GrantedToken | null {
  const {
    access_token: accessToken,
    refresh_token: refreshToken,
    expires_in: life,
    scope,
    token_type,
    ...rest
  } = answer;
  const sendable = /^[\x21-\x7e]{1,8000}$/;
  if (token_type !== "bearer" || !sendable.test(accessToken)) return null;
  if (refreshToken !== undefined && !sendable.test(refreshToken)) return null;
  if (life !== undefined && !(life > 0 && life <= lifeSecondsMax)) return null;
  return {
    accessToken,
    refreshToken: refreshToken ?? null,
    lifeMs: life === undefined ? null : life * 1_000,
    scopes: scope === undefined ? null : scopesIn(scope),
    rest,
  };
}

function outcomeOf({ driver, nowMs }: TokenCall, answer: OutboundAnswer, thrown: unknown): TokenOutcome {
  if (thrown instanceof oauth.ResponseBodyError) return { kind: "refused", code: thrown.error };
  const told = classifyAnswer(driver, answer, { nowMs: nowMs(), call: "POST (token)", redact: redactText });
  if (told.kind === "ok") return { kind: "failed", error: badAnswer(driver) };
  if (told.error.kind === "transient") return { kind: "unknown", error: told.error };
  // Some answer 401 without saying more; what is not taken is then our client.
  if (answer.kind === "answered" && answer.status === 401) return { kind: "refused", code: "invalid_client" };
  return { kind: "failed", error: told.error };
}

function badAnswer(driver: PartnerDriver): PartnerError {
  return new PartnerError({
    code: "bad-token-answer",
    kind: "data",
    partner: driver.name,
    message: `${driver.title}: the token endpoint's answer is none that can be used. Compare it with RFC 6749, section 5.1.`,
    cause: { expected: "a bearer token (RFC 6749, 5.1)", actual: "something else" },
  });
}

function hostRefused(driver: PartnerDriver): PartnerError {
  return new PartnerError({
    code: "host-not-allowed",
    kind: "client",
    partner: driver.name,
    message: `${driver.title}: the token endpoint is on a host that the driver does not allow; add it to the driver's \`hosts\`.`,
    cause: { expected: "one of the driver's hosts", actual: "another" },
  });
}
