/** How a post's body is read before the driver's schema sees it; of one without a body, the kept headers are the event. */
export type WebhookBody = "json" | "form" | "xml" | "none";

/** What came beside the body. */
export interface WebhookFacts {
  /** Those that the driver keeps (`keepHeaders`), under lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What one post tells of one of its accounts. */
export interface WebhookPart {
  readonly account: string;
  /** That account's alone, in a form that the driver's schema takes: it travels on by itself, as JSON. */
  readonly event: unknown;
}

export const noFacts: WebhookFacts = { headers: {} };
