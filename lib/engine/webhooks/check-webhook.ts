import type { WebhookDriver } from "../define-partner.ts";
import { checkKeptHeaders } from "./kept-headers.ts";

/** Throws a RangeError where a driver's webhook answers or keeps what it cannot. */
export function checkWebhook(
  partner: string,
  webhook: Pick<WebhookDriver, "answer" | "keepHeaders"> | undefined,
): void {
  if (webhook === undefined) return;
  checkKeptHeaders(partner, webhook.keepHeaders ?? []);
  const status = webhook.answer?.status ?? 202;
  // Another would be taken for "send it again", of a webhook that is queued.
  if (!(Number.isInteger(status) && status >= 200 && status <= 299))
    throw new RangeError(`${partner}: a webhook that was taken is answered with a status of 2xx, not ${status}`);
}
