import type { PartnerDriver } from "../../engine/define-partner.ts";
import { PartnerError } from "../../engine/errors.ts";
import type { Outcome } from "../outcome.ts";

export type FailedWebhook = Extract<Outcome, { kind: "failed" }>;

/** Where webhooks fail, for grouping. */
export const webhookPlace = "webhook";

/** What the partner sent is not what the driver expects: a data failure, as the signature held and the answer was yes. */
export function failedWebhook(
  driver: PartnerDriver,
  code: string,
  expected: string,
  actual: string,
  toDo: string,
): FailedWebhook {
  const message = `${driver.title} webhook: expected ${expected}, got ${actual}. ${toDo}`;
  return {
    kind: "failed",
    place: webhookPlace,
    error: new PartnerError({ code, kind: "data", partner: driver.name, message, cause: { expected, actual } }),
  };
}
