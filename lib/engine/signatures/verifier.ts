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

export type Verdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: "no-secret" | "missing-header" | "malformed-header" | "stale" | "mismatch" };

/** A signature scheme: pure, constant-time in the secret, and never throwing on whatever a stranger sends. */
export type Verifier = (request: SignedRequest) => Verdict;
