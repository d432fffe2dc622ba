import * as z from "zod";
import type { KeyedVerdict } from "../verifier.ts";
import { judge } from "./judge.ts";
import { schemes } from "./schemes.ts";
import type { Subject } from "./subject.ts";

/** One case of a file of vectors. */
export const VectorCase = z.looseObject({
  partner: z.string(),
  scheme: z.string(),
  name: z.string(),
  /** The secret; for schemes with public keys the key: a JWK, a certificate in PEM, `whpk_…`. */
  secret: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
  url: z.string().default(""),
  method: z.string().default("POST"),
  /** Seconds since 1970; without it the case is judged at the time that it claims. */
  now: z.number().optional(),
  /** The header of a plain token. */
  header: z.string().optional(),
  webhook_id: z.string().optional(),
  audience: z.string().optional(),
  /** The digest that a bare HMAC comes to. */
  expected: z.string().optional(),
  /** The key beside the secret, for schemes that need both. */
  key: z.string().optional(),
  valid: z.boolean(),
});
export type VectorCase = z.infer<typeof VectorCase>;

export const VectorFile = z.array(VectorCase);

export type CaseResult =
  | { readonly kind: "judged"; readonly right: boolean; readonly verdict: KeyedVerdict }
  /** A scheme that nobody here knows is no case passed. */
  | { readonly kind: "unknown-scheme"; readonly right: false };

/** Judges one case; right when its verdict is the one that the file says. */
export function judgeVector(vector: VectorCase): CaseResult {
  const entry = schemes.get(vector.scheme);
  if (entry === undefined) return { kind: "unknown-scheme", right: false };
  const verdict = judge(entry, subjectOf(vector, entry.keyed));
  return { kind: "judged", right: verdict.ok === vector.valid, verdict };
}

/** A case as the verifier sees it. */
export function subjectOf(vector: VectorCase, keyed: "secret" | "public-key" | "both"): Subject {
  const { headers, body, url, method, now, secret, key } = vector;
  // Of schemes with public keys only PayPal's has something besides: the id that the webhook was registered under.
  const secrets = keyed === "public-key" ? [vector.webhook_id ?? ""] : [secret];
  return {
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    rawBody: new TextEncoder().encode(body),
    url,
    method,
    secrets,
    nowMs: now === undefined ? null : now * 1000,
    key: keyed === "public-key" ? secret : (key ?? null),
    parameters: Object.fromEntries(
      Object.entries({ header: vector.header, audience: vector.audience, expected: vector.expected }).flatMap(
        ([name, value]) => (value === undefined ? [] : [[name, value]]),
      ),
    ),
  };
}
