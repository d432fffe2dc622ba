import type { KeyedRequest } from "../verifier.ts";

/** One request whose signature somebody asks about, with what was configured for it. */
export interface Subject {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: Uint8Array;
  readonly url: string;
  readonly method: string;
  readonly secrets: readonly string[];
  /** Null: the request is judged at the time that it claims, where it claims one. */
  readonly nowMs: number | null;
  /** A JWK or certificates in PEM, for schemes with public keys. */
  readonly key: string | null;
  /** What some schemes need besides: the header of a plain token, PayPal's webhook id, a digest to come to. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** The request as a verifier gets it, at a time. */
export function requestOf(subject: Subject, nowMs: number): KeyedRequest {
  const { headers, rawBody, url, method, secrets, key } = subject;
  return { headers, rawBody, url, method, secrets, nowMs, keys: () => key };
}
