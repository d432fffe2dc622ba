import * as z from "zod";
import type { ClientCredentials } from "./define-partner.ts";
import type { CredentialFields } from "./ports.ts";

const dayMs = 86_400_000;
/** A token is not used in its last minutes: a call may wait for its turn after the token was chosen. */
const spareMsMax = 300_000;

/** What the token endpoint answers: https://www.rfc-editor.org/rfc/rfc6749#section-5.1 */
export const TokenAnswer = z.object({
  access_token: z.string().min(1).max(8_000),
  token_type: z.string().refine((type) => type.toLowerCase() === "bearer", "a bearer token"),
  expires_in: z.coerce
    .number()
    .positive()
    .max(366 * 86_400)
    .optional(),
});
export type TokenAnswer = z.infer<typeof TokenAnswer>;

/** When `expires_in` is missing the token is taken for this long; a 401 before that fetches a new one. */
const assumedLifeMs = 3_600_000;

/** The kept token, if it can still be used at `nowMs`. */
export function usableToken(fields: CredentialFields, nowMs: number): string | null {
  const token = fields["accessToken"];
  const expiresAtMs = Number(fields["accessTokenExpiresAtMs"] ?? 0);
  return token !== undefined && nowMs < expiresAtMs ? token : null;
}

export type MintVerdict =
  /** Store these fields first: a token that is asked for counts, whatever becomes of the answer. */
  | { readonly kind: "mint"; readonly fields: CredentialFields }
  | { readonly kind: "exhausted"; readonly retryAtMs: number };

/** Whether one more token may be asked for, by the partner's limit of them in 24 hours. */
export function beginMint(
  fields: CredentialFields,
  auth: Pick<ClientCredentials, "tokensPerDay">,
  nowMs: number,
): MintVerdict {
  const recent = (fields["mintedAtMs"] ?? "")
    .split(",")
    .map(Number)
    .filter((atMs) => atMs > nowMs - dayMs);
  const [oldest] = recent;
  if (auth.tokensPerDay !== null && recent.length >= auth.tokensPerDay && oldest !== undefined) {
    return { kind: "exhausted", retryAtMs: oldest + dayMs };
  }
  return { kind: "mint", fields: { ...fields, mintedAtMs: [...recent, nowMs].slice(-mintsKept).join(",") } };
}

const mintsKept = 100;

/**
 * Whether another token may help a call that was refused with this credential's. A token that was refused as soon as it was
 * bought was good, and the call is not permitted. Then the next is bought only when its share of the day has come: one
 * missing permission must not use up the tokens that all other calls need.
 */
export function mayRenew(
  fields: CredentialFields,
  auth: Pick<ClientCredentials, "tokensPerDay">,
  nowMs: number,
): boolean {
  if (fields[refusedNewField] === undefined) return true;
  const boughtAtMs = Number((fields["mintedAtMs"] ?? "").split(",").at(-1));
  // One of the day's tokens is left for what is not foreseen.
  return nowMs >= boughtAtMs + dayMs / Math.max(1, (auth.tokensPerDay ?? renewalsPerDay) - 1);
}

const refusedNewField = "accessTokenRefusedNew";
/** Where the partner does not count tokens. */
const renewalsPerDay = 24;

/** The credential with the note that its token was refused when it was new. */
export function withRefusedNew(fields: CredentialFields): CredentialFields {
  return { ...fields, [refusedNewField]: "true" };
}

/** The credential with its new token. */
export function withToken(former: CredentialFields, answer: TokenAnswer, nowMs: number): CredentialFields {
  const { [refusedNewField]: _refused, ...fields } = former;
  const lifeMs = answer.expires_in === undefined ? assumedLifeMs : answer.expires_in * 1000;
  const expiresAtMs = Math.floor(nowMs + lifeMs - Math.min(spareMsMax, lifeMs / 10));
  return { ...fields, accessToken: answer.access_token, accessTokenExpiresAtMs: String(expiresAtMs) };
}
