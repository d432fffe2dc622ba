import type { CredentialFields } from "./ports.ts";

const dayMs = 86_400_000;
/** A day of hourly tokens is 29 renewals; of shorter ones fewer hours are looked at, as no more than 100 are noted. */
const renewalsSeenMax = 30;

/**
 * Whether a token is renewed far more often than its own life implies: more than twice as often over a day, and twice
 * besides, counting those that were asked for and not answered. Somebody else uses the credential and takes our tokens'
 * place, tokens are refused that should be good, or the driver assumes a life that is too long.
 *
 * @param fields the credential with its new token
 */
export function isRenewedTooOften(fields: CredentialFields, nowMs: number): boolean {
  const renewAtMs = Number(fields["accessTokenExpiresAtMs"]);
  const lifeMs = renewAtMs - nowMs;
  if (!Number.isFinite(lifeMs) || lifeMs <= 0) return false;
  const windowMs = Math.min(dayMs, lifeMs * renewalsSeenMax);
  const renewals = (fields["mintedAtMs"] ?? "")
    .split(",")
    .map(Number)
    .filter((atMs) => atMs > nowMs - windowMs && atMs > 0).length;
  return renewals > 2 * Math.ceil(windowMs / lifeMs) + 2;
}
