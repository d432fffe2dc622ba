/** One signed request as it came: verify over the raw bytes, before anything is parsed. */
export interface SignedRequest {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: Uint8Array;
  /** The public URL that the partner called. */
  readonly url: string;
  readonly method: string;
  /** Several during a rotation; any may match. None at all rejects. */
  readonly secrets: readonly string[];
  readonly nowMs: number;
}

/** A request together with the partner's published keys, for the schemes that need them. */
export interface KeyedRequest extends SignedRequest {
  /** A JWK or certificates in PEM by the partner's own id, as far as they are known; null for what is not. */
  readonly keys: (id: string) => string | null;
}

/** Why a request was refused: a label for metrics and a key for explanations. It never tells what was expected. */
export type RejectionReason =
  /** No secret of a usable form: nothing can be verified, so nothing is let in. */
  | "no-secret"
  | "missing-header"
  | "malformed-header"
  /** Rightly signed, and too far from our clock, in the past or in the future. */
  | "stale"
  | "mismatch"
  /** The request names an algorithm that the scheme does not allow. */
  | "wrong-algorithm"
  /** The key is known, and is not to be trusted: expired, of another host, of no chain to a root. */
  | "untrusted-key"
  /** Rightly signed, for somebody else. */
  | "wrong-claims";

export interface Rejection {
  readonly ok: false;
  readonly reason: RejectionReason;
}

/** The request names a key that is not at hand; with it the verdict may change. */
export interface KeyWanted {
  readonly ok: false;
  readonly reason: "unknown-key";
  readonly wanted: string;
}

export type Verdict = { readonly ok: true } | Rejection;

/** The same of a scheme that needs a key, which may not be at hand. */
export type KeyedVerdict = Verdict | KeyWanted;

/** A signature scheme: pure, constant-time in the secret, and never throwing on whatever a stranger sends. */
export type Verifier = (request: SignedRequest) => Verdict;

/** A scheme whose keys the partner publishes: no `Verifier`, since without its keys it lets nobody in. */
export type KeyedVerifier = (request: KeyedRequest) => KeyedVerdict;

export function rejected(reason: RejectionReason): Rejection {
  return { ok: false, reason };
}
