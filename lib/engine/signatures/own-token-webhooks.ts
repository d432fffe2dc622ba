import { ownToken } from "./own-token.ts";
import { answerTokenRequest } from "./token-endpoint.ts";
import type { IssuedTokenScheme } from "./verification.ts";

/**
 * Inverted OAuth, both ends: the partner fetches a token at `POST /webhooks/<partner>/token` and sends it with its webhooks.
 * Clients are the partner's webhook secrets, each `<client id>:<client secret>`.
 *
 * @param audience the partner's name: a token for one partner is none for another.
 */
export function ownTokenWebhooks(audience: string): IssuedTokenScheme {
  return {
    kind: "issued-tokens",
    verify: ownToken(audience),
    answerTokenRequest: (request) => answerTokenRequest(request, audience),
  };
}
