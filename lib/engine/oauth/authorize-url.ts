import type { AuthorizationCode } from "../define-partner.ts";
import { challengeOf } from "./pkce.ts";

/** Where a person's browser is sent to say yes: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1 and RFC 7636, 4.3. */
export function authorizeUrlFor(
  auth: Pick<AuthorizationCode, "authorizeUrl" | "scopes" | "parameters">,
  { clientId, redirectUri, state, verifier }: Record<"clientId" | "redirectUri" | "state" | "verifier", string>,
): string {
  const url = new URL(auth.authorizeUrl);
  const parameters = {
    ...auth.parameters,
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    ...(auth.scopes.length > 0 && { scope: auth.scopes.join(" ") }),
    state,
    code_challenge: challengeOf(verifier),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}
