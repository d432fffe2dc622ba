import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import { verdictOn } from "../../../lib/engine/signatures/verification.ts";
import type { KeyedVerdict, SignedRequest } from "../../../lib/engine/signatures/verifier.ts";

/** What a driver says of a webhook. */
export function verdictOf({ webhook }: Pick<PartnerDriver, "webhook">, request: SignedRequest): KeyedVerdict {
  if (webhook === undefined) throw new Error("the driver has no webhooks");
  return verdictOn(webhook.verify, request);
}
