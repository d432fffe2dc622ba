import { readHeaders } from "./header.ts";
import { anySameSecret } from "./hmac.ts";
import { rejected } from "./verifier.ts";
import type { Verifier } from "./verifier.ts";

/**
 * A header that simply holds a secret, such as Telegram's `X-Telegram-Bot-Api-Secret-Token` and Google's
 * `X-Goog-Channel-Token`. The body is not signed: fetch back what it speaks of. https://core.telegram.org/bots/api#setwebhook
 *
 * @param header lower-case.
 * @example
 * tokenHeader("x-telegram-bot-api-secret-token");
 */
export function tokenHeader(header: string): Verifier {
  return (request) => {
    const tokens = request.secrets.filter((secret) => secret.length > 0);
    if (tokens.length === 0) return rejected("no-secret");
    const headers = readHeaders(request, [header]);
    if (!headers.ok) return headers;
    return anySameSecret(tokens, headers.values[0]) ? { ok: true } : rejected("mismatch");
  };
}
