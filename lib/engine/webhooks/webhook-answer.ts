import type { SignedRequest } from "../signatures/verifier.ts";

/** What a partner gets back. */
export interface WebhookAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * What a rightly signed request wants answered at once, because it asks about the endpoint and tells of nothing; null for
 * every other. It is asked once the signature holds, and what it answers is not queued.
 */
export type Challenge = (
  request: Pick<SignedRequest, "headers" | "rawBody" | "url" | "method">,
) => WebhookAnswer | null;
