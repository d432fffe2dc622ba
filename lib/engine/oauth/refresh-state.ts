import { beginMint } from "../access-token.ts";
import type { CredentialFields } from "../ports.ts";

/** Longer than any function lives: whoever began a refresh before that holds no answer any more. */
const lifeMsMax = 90_000;
/** Between attempts whose fate is unknown, doubled each time: a token endpoint that is down is not hammered. */
const gapMs = 15_000;
const gapMsMax = 600_000;

export type RefreshVerdict =
  /** Store these fields first: what has begun is known to whoever comes after a crash. */
  | { readonly kind: "begin"; readonly fields: CredentialFields; readonly otherUntilMs: number }
  | { readonly kind: "wait"; readonly untilMs: number }
  /** It was refused, and nobody is left who might hold what it bought. */
  | { readonly kind: "lost"; readonly answerLost: boolean };

/** Whether the stored refresh token may be sent now. `otherUntilMs`: until then somebody else may hold an answer to it. */
export function beginRefresh(fields: CredentialFields, nowMs: number): RefreshVerdict {
  const begunAtMs = Number(fields["refreshBegunAtMs"] ?? 0);
  const tries = Number(fields["refreshTries"] ?? 0);
  if (fields["refreshRefused"] !== undefined) {
    const untilMs = begunAtMs + lifeMsMax;
    return nowMs < untilMs ? { kind: "wait", untilMs } : { kind: "lost", answerLost: tries > 1 };
  }
  const againAtMs = tries < 2 ? 0 : begunAtMs + Math.min(gapMsMax, gapMs * 2 ** (tries - 2));
  if (nowMs < againAtMs) return { kind: "wait", untilMs: againAtMs };
  const counted = beginMint(fields, { tokensPerDay: null }, nowMs);
  const noted = counted.kind === "mint" ? counted.fields : fields;
  return {
    kind: "begin",
    fields: { ...noted, refreshBegunAtMs: String(nowMs), refreshTries: String(tries + 1) },
    otherUntilMs: tries === 0 ? 0 : begunAtMs + lifeMsMax,
  };
}

/** The partner refused the refresh token: it is not sent again, and before anybody says so, somebody may store what it bought before. */
export function withRefusal(fields: CredentialFields): CredentialFields {
  return { ...fields, refreshRefused: "true" };
}
