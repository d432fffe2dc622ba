import type { PublishedKeys } from "./published-keys.ts";
import type { TokenAnswer } from "./token-endpoint.ts";
import { secretPath } from "./secret-path.ts";
import type { KeyedRequest, KeyedVerdict, KeyedVerifier, SignedRequest, Verifier } from "./verifier.ts";

/** How a driver's webhooks are verified. A scheme that needs keys, or a token of ours, comes with the way to get them. */
export type Verification = Verifier | PublishedKeyScheme | IssuedTokenScheme;

/** The partner signs under keys that it publishes. */
export interface PublishedKeyScheme {
  readonly kind: "published-keys";
  readonly verify: KeyedVerifier;
  readonly keys: PublishedKeys;
}

/** The partner sends a token that it fetched from us, at `POST /webhooks/<partner>/token`. */
export interface IssuedTokenScheme {
  readonly kind: "issued-tokens";
  readonly verify: Verifier;
  readonly answerTokenRequest: (request: TokenRequest) => TokenAnswer;
}

/** `secrets` are the clients that may have a token. */
export type TokenRequest = Pick<SignedRequest, "headers" | "rawBody" | "secrets" | "nowMs">;

/** The verifier alone, whatever the way to its keys. */
export function verifierIn(verification: Verification): KeyedVerifier {
  return typeof verification === "function" ? verification : verification.verify;
}

/** The verdict with the keys that are at hand; without any, a scheme that needs them asks for one. */
export function verdictOn(verification: Verification, request: SignedRequest & Partial<KeyedRequest>): KeyedVerdict {
  return verifierIn(verification)({ keys: () => null, ...request });
}

/** Whether the webhook function has to call the partner for its keys, and so needs a way out. */
export function fetchesKeys(verification: Verification): verification is PublishedKeyScheme {
  return typeof verification !== "function" && verification.kind === "published-keys";
}

/** Whether the partner fetches its token from us, and so needs a route for it. */
export function issuesTokens(verification: Verification): verification is IssuedTokenScheme {
  return typeof verification !== "function" && verification.kind === "issued-tokens";
}

/** Whether what proves a post is a word at the end of its address: beside a connection's id, which is no secret, it takes a segment of its own. */
export function provesByPath(verification: Verification): boolean {
  return verification === secretPath;
}
