export type { WebhookAnswer } from "../../engine/webhooks/webhook-answer.ts";

export interface WebhookRequest {
  readonly partner: string;
  readonly connectionId: string | null;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: Uint8Array;
  readonly url: string;
  readonly method: string;
  readonly trace: string;
}
