import * as z from "zod";
import { partnerOfConnectionId } from "../connection-id.ts";

const Fields = z.record(z.string(), z.string());

/** What is wanted: a new connection, or another credential for one that there is. */
const Wish = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("connect"), name: z.string(), settings: Fields }),
  z.object({ kind: z.literal("replace"), connectionId: z.string() }),
]);

const Status = z.discriminatedUnion("kind", [
  /** A person is at the partner's page. `sealedVerifier` is PKCE's. */
  z.object({ kind: z.literal("open"), untilMs: z.number(), sealedVerifier: z.string() }),
  /** The browser came back with a code; `exchanges` counts how often it was sent to the token endpoint. */
  z.object({
    kind: z.literal("received"),
    sealedCode: z.string(),
    callback: Fields,
    exchanges: z.int().min(0),
    exchangedAtMs: z.number(),
  }),
  /** A candidate is sealed under the attempt's own id, to be tried. */
  z.object({ kind: z.literal("trying"), callback: Fields }),
  /** It was taken by the partner and is being stored; what it replaces is sealed beside it until it is verified. */
  z.object({ kind: z.literal("replacing") }),
  z.object({ kind: z.literal("done"), connectionId: z.string() }),
  z.object({ kind: z.literal("failed"), code: z.string(), message: z.string() }),
]);

/** One try to give a connection a credential: nothing of it counts before the partner has taken it. */
export const CredentialAttempt = z.object({
  partner: z.string(),
  /** Of an authorisation the hash of its state, so that the state itself is stored nowhere. */
  attemptId: z.string(),
  tenantId: z.string(),
  wish: Wish,
  status: Status,
  /** Who asked, for the audit log. */
  actor: z.object({ name: z.string(), requestId: z.string() }),
  createdAtMs: z.number(),
  revision: z.int().min(1),
});

export type CredentialAttempt = z.infer<typeof CredentialAttempt>;

export interface CredentialAttempts {
  create(attempt: CredentialAttempt): Promise<"created" | "exists">;
  read(partner: string, attemptId: string): Promise<CredentialAttempt | null>;
  /** Stores `next` if the stored revision is `next.revision - 1`. */
  compareAndSet(next: CredentialAttempt): Promise<"stored" | "superseded">;
  /** Removes what is sealed for the attempt: the candidate, and what it replaced. */
  forget(attempt: Pick<CredentialAttempt, "partner" | "attemptId">): Promise<void>;
  /** Removes a tenant's attempts, with what is sealed for them; a worker that has one in hand finds it superseded. Returns how many there were. */
  removeOf(tenantId: string): Promise<number>;
}

/** How long an attempt can be asked about. */
export const attemptKeptMs = 7 * 86_400_000;

/** Whose the candidate is in the credential store. */
export function candidateOf({ partner, attemptId }: Pick<CredentialAttempt, "partner" | "attemptId">): {
  readonly partner: string;
  readonly connectionId: string;
} {
  return { partner, connectionId: attemptId };
}

/** Whose that is which it replaces. */
export function formerOf({ partner, attemptId }: Pick<CredentialAttempt, "partner" | "attemptId">): {
  readonly partner: string;
  readonly connectionId: string;
} {
  return { partner, connectionId: `${attemptId}-former` };
}

/** Whether what is sealed under an id is an attempt's, and so ends with it: attempts' ids have not the form of connections'. */
export function isOfAttempt(connectionId: string): boolean {
  return /^[A-Za-z0-9_-]{43}(-former)?$/.test(connectionId) && partnerOfConnectionId(connectionId) === null;
}

export function moved(attempt: CredentialAttempt, status: CredentialAttempt["status"]): CredentialAttempt {
  return { ...attempt, status, revision: attempt.revision + 1 };
}
