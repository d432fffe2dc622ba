import * as z from "zod";
import type { CredentialFields } from "../ports.ts";
import { lostScopes, scopesIn } from "./scopes.ts";
import type { GrantedToken } from "./token-answer.ts";

/** A token as it can be sent in a header: https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
const Token = z.string().regex(/^[\x21-\x7e]{1,8000}$/);

/** What a connection that was authorised elsewhere may be created with: the refresh token, and an access token if there is one. */
export const oauthCredential = z
  .strictObject({ refreshToken: Token, accessToken: Token.optional() })
  .transform(({ refreshToken, accessToken }): Record<string, string> => ({
    refreshToken,
    ...(accessToken !== undefined && { accessToken }),
  }));

const hourMs = 3_600_000;
/** A token that nothing renews and that has no end is used until it is refused. */
const noEndMs = 8_640_000_000_000_000;
/** Renewed this long before it ends, so that a renewal that fails can be tried again while the token is still good. */
const earlyMsMax = 600_000;
/** A call may wait for its turn after its token was chosen. */
const spareMsMax = 60_000;

/**
 * The stored credential with a new token. A partner that sends no new refresh token means the old one to be kept:
 * https://www.rfc-editor.org/rfc/rfc6749#section-6
 */
export function withGrant(
  former: CredentialFields,
  token: GrantedToken,
  { nowMs, assumedLifeMs = hourMs }: { readonly nowMs: number; readonly assumedLifeMs?: number | undefined },
): CredentialFields {
  const kept = withoutNotes(former);
  const refreshToken = token.refreshToken ?? kept["refreshToken"];
  const endless = token.lifeMs === null && refreshToken === undefined;
  const endsAtMs = endless ? noEndMs : nowMs + (token.lifeMs ?? assumedLifeMs);
  const lifeMs = endsAtMs - nowMs;
  const renewAtMs = Math.floor(endsAtMs - Math.min(earlyMsMax, lifeMs / 5));
  return {
    ...kept,
    accessToken: token.accessToken,
    accessTokenExpiresAtMs: String(renewAtMs),
    accessTokenEndsAtMs: String(Math.floor(endsAtMs - Math.min(spareMsMax, lifeMs / 10))),
    ...(refreshToken !== undefined && { refreshToken }),
    ...(token.scopes !== null && { scopes: token.scopes.join(" ") }),
  };
}

/**
 * The stored credential with a token that renews the former one. Of what is needed the new token may grant less than the former
 * did: that is noted with it, until a later one grants it again.
 */
export function withRenewal(
  former: CredentialFields,
  token: GrantedToken,
  {
    needed,
    ...time
  }: { readonly needed: readonly string[]; readonly nowMs: number; readonly assumedLifeMs?: number | undefined },
): CredentialFields {
  const noted = takenScopes(former);
  const before = former["scopes"] === undefined ? null : [...scopesIn(former["scopes"]), ...noted];
  const taken = token.scopes === null ? noted : lostScopes(needed, before, token.scopes);
  const fields = withGrant(former, token, time);
  return taken.length === 0 ? fields : { ...fields, scopesTaken: taken.join(" ") };
}

/** What the partner has taken away of what the connection needs. */
export function takenScopes(fields: CredentialFields): readonly string[] {
  return scopesIn(fields["scopesTaken"] ?? "");
}

/** The token as long as the partner takes it: also while it should be renewed, so that a renewal which fails stops nothing. */
export function lastingToken(fields: CredentialFields, nowMs: number): string | null {
  const token = fields["accessToken"];
  const endsAtMs = Number(fields["accessTokenEndsAtMs"] ?? fields["accessTokenExpiresAtMs"] ?? 0);
  return token !== undefined && nowMs < endsAtMs ? token : null;
}

/** What was noted about the former token. */
const notes: ReadonlySet<string> = new Set([
  "refreshBegunAtMs",
  "refreshTries",
  "refreshRefused",
  "accessTokenRefusedNew",
  "scopesTaken",
]);

function withoutNotes(fields: CredentialFields): CredentialFields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !notes.has(name)));
}
