import * as oauth from "oauth4webapi";
import type { AuthorizationCode, PartnerDriver } from "../define-partner.ts";
import type { OutboundAnswer, OutboundRequest } from "../ports.ts";
import { urlFor } from "../request-url.ts";
import type { OAuthApp } from "./oauth-app.ts";

/**
 * `gone`: taken back, or not good before; a partner that knows the token no more says so with a 200 (RFC 7009, 2.2) or a 400.
 * `unknown`: worth asking again. `refused`: our app may not, or the driver's address is wrong.
 */
export type Revocation = "gone" | "refused" | "unknown";

interface RevokeCall {
  readonly driver: PartnerDriver;
  readonly auth: AuthorizationCode;
  readonly app: OAuthApp;
  /** The refresh token where there is one: what follows from it goes with it. */
  readonly token: string;
  readonly send: (request: OutboundRequest) => Promise<OutboundAnswer>;
}

const timeoutMs = 10_000;
const answerBytesMax = 64 * 1024;

/** Gives a token back: https://www.rfc-editor.org/rfc/rfc7009#section-2.1. Sent twice, it is as gone as sent once. */
export async function revokeToken({ driver, auth, app, token, send }: RevokeCall): Promise<Revocation> {
  const { revokeUrl, clientAuthentication, revokesAs = "form" } = auth;
  const request = { method: "POST", path: revokeUrl ?? "", query: {}, endpoint: "POST revoke" } as const;
  const url = revokeUrl === undefined ? null : urlFor(driver, request);
  if (url === null) return "refused";
  const form = new URLSearchParams({ token });
  const headers = new Headers({ accept: "application/json" });
  const authenticate =
    clientAuthentication === "basic"
      ? oauth.ClientSecretBasic(app.clientSecret)
      : oauth.ClientSecretPost(app.clientSecret);
  await authenticate({ issuer: new URL(url).origin }, { client_id: app.clientId }, form, headers);
  const isJson = revokesAs === "json";
  headers.set("content-type", isJson ? "application/json" : "application/x-www-form-urlencoded");
  const body = isJson ? JSON.stringify(Object.fromEntries(form)) : form.toString();
  const sent = { method: "POST", url, headers: Object.fromEntries(headers), body, timeoutMs } as const;
  return verdictOf(await send({ ...sent, bytesMax: answerBytesMax }));
}

function verdictOf(answer: OutboundAnswer): Revocation {
  if (answer.kind === "lost") return "unknown";
  const { status } = answer;
  if ((status >= 200 && status <= 299) || status === 400) return "gone";
  return status === 408 || status === 429 || status >= 500 ? "unknown" : "refused";
}
