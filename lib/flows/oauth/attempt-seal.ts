import type { CredentialAttempt } from "../../engine/oauth/credential-attempt.ts";
import { openBytes, sealBytes } from "../../engine/seal.ts";

type Key = Pick<CredentialAttempt, "partner" | "attemptId">;

/**
 * Seals a verifier or a code for its attempt, under the partner's connection key: each is of use for minutes, once, and
 * only together with our client secret. Tokens and keys are sealed by KMS, as every stored credential is.
 */
export function sealFor(key: Key, connectionKey: string, secret: string): string {
  return sealBytes(Buffer.from(secret), Buffer.from(connectionKey), bindingOf(key)).toString("base64url");
}

/** Throws `UnsealError`. */
export function unsealFor(key: Key, connectionKey: string, sealed: string): string {
  return openBytes(Buffer.from(sealed, "base64url"), Buffer.from(connectionKey), bindingOf(key)).toString("utf8");
}

function bindingOf({ partner, attemptId }: Key): { readonly purpose: string; readonly context: string } {
  return { purpose: "credential-attempt", context: `${partner}#${attemptId}` };
}
