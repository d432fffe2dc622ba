import { wholeBase64 } from "./base64.ts";
import { anySameSecret } from "./hmac.ts";
import { makeOwnToken, readClient } from "./own-token.ts";
import type { Client } from "./own-token.ts";
import { formFields, onlyValue } from "./query.ts";
import type { Field } from "./query.ts";
import type { SignedRequest } from "./verifier.ts";

export interface TokenAnswer {
  readonly status: 200 | 400 | 401;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
}

const lifeSeconds = 3600;
const bodyBytesMax = 16 * 1024;

/**
 * Our token endpoint for partners that fetch the token they send us (RFC 6749, sections 2.3.1, 4.4 and 5): client credentials
 * by Basic or in the form, and an hour's token. The request's `secrets` are the clients, `<client id>:<client secret>`; none
 * at all means that nobody gets one.
 *
 * @param audience the partner's name, as `ownToken` has it.
 */
export function answerTokenRequest(
  request: Pick<SignedRequest, "headers" | "rawBody" | "secrets" | "nowMs">,
  audience: string,
): TokenAnswer {
  const fields =
    request.rawBody.byteLength > bodyBytesMax ? null : formFields(Buffer.from(request.rawBody).toString("utf8"));
  if (fields === null) return refused(400, "invalid_request");
  const given = basicPairs(request.headers["authorization"]) ?? formPairs(fields);
  const clients = request.secrets.map(readClient).filter((client): client is Client => client !== null);
  const client = clients.find((known) => given.some((pair) => anySameSecret([`${known.id}:${known.secret}`], pair)));
  if (client === undefined) return refused(401, "invalid_client");
  const grant = onlyValue(fields, "grant_type");
  if (grant === null) return refused(400, "invalid_request");
  if (grant !== "client_credentials") return refused(400, "unsupported_grant_type");
  const token = makeOwnToken(client, audience, request.nowMs, lifeSeconds);
  return answer(200, { access_token: token, token_type: "Bearer", expires_in: lifeSeconds });
}

/** RFC 6749 has both parts form-encoded before they are joined, and many clients leave that out: either is right. */
function basicPairs(header: string | undefined): readonly string[] | null {
  const given = /^basic +([A-Za-z0-9+/]{1,2000}=*)$/i.exec(header ?? "")?.[1];
  const pair = given === undefined ? undefined : wholeBase64(given)?.toString("utf8");
  const [, id, secret] = /^([^:]+):(.+)$/s.exec(pair ?? "") ?? [];
  if (pair === undefined || id === undefined || secret === undefined) return null;
  return [pair, `${decoded(id)}:${decoded(secret)}`];
}

function formPairs(fields: readonly Field[]): readonly string[] {
  const [id, secret] = [onlyValue(fields, "client_id"), onlyValue(fields, "client_secret")];
  return id === null || secret === null ? [] : [`${id}:${secret}`];
}

function decoded(text: string): string {
  return new URLSearchParams(`a=${text.replaceAll("&", "%26")}`).get("a") ?? "";
}

function refused(status: 400 | 401, error: string): TokenAnswer {
  return answer(status, { error });
}

function answer(status: TokenAnswer["status"], body: unknown): TokenAnswer {
  const headers = { "content-type": "application/json", "cache-control": "no-store" };
  return {
    status,
    headers: status === 401 ? { ...headers, "www-authenticate": 'Basic realm="token"' } : headers,
    body: JSON.stringify(body),
  };
}
