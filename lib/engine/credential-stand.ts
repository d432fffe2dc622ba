import type { Auth } from "./define-partner.ts";

/** What is known of a connection's credential without opening it. */
export interface CredentialStand {
  /** When a person gave it; tokens that it buys come and go. */
  readonly storedAtMs: number;
  /** When it ends, where somebody said so. */
  readonly expiresAtMs: number | null;
  /** When it is to be looked at by itself. */
  readonly nextLookMs: number;
}

/** `old`: nobody has changed it for a year. `expires-soon`: within two weeks. */
export type CredentialWarning = "expired" | "expires-soon" | "old";

const dayMs = 86_400_000;
const ageMsMax = 365 * dayMs;
/** Long enough for a person to come back from holidays. */
export const noticeMs = 14 * dayMs;

/** One that was given now. */
export function credentialGiven(expiresAtMs: number | null, nowMs: number): CredentialStand {
  return lookedAt({ storedAtMs: nowMs, expiresAtMs, nextLookMs: nowMs }, nowMs);
}

/**
 * What a person should know of it. A refresh token does not grow old, as each refresh may bring another: its end is the
 * partner's word, and shows as a connection that needs a person.
 */
export function warningOf(
  { storedAtMs, expiresAtMs }: Pick<CredentialStand, "storedAtMs" | "expiresAtMs">,
  auth: Pick<Auth, "kind">,
  nowMs: number,
): CredentialWarning | null {
  if (expiresAtMs !== null && nowMs >= expiresAtMs) return "expired";
  if (expiresAtMs !== null && nowMs >= expiresAtMs - noticeMs) return "expires-soon";
  return auth.kind !== "authorization-code" && nowMs >= storedAtMs + ageMsMax ? "old" : null;
}

/** The same, looked at: again when its next warning falls due; daily when its end is near, and monthly when it is old. */
export function lookedAt(stand: CredentialStand, nowMs: number): CredentialStand {
  const oldAtMs = stand.storedAtMs + ageMsMax;
  const noticeAtMs = (stand.expiresAtMs ?? Number.MAX_SAFE_INTEGER) - noticeMs;
  const oldLookMs = nowMs < oldAtMs ? oldAtMs : nowMs + 30 * dayMs;
  const noticeLookMs = nowMs < noticeAtMs ? noticeAtMs : nowMs + dayMs;
  return { ...stand, nextLookMs: Math.min(oldLookMs, noticeLookMs) };
}
