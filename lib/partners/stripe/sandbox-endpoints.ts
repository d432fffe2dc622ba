import * as z from "zod";
import { Stripe } from "stripe";
import type { ObjectStore } from "../../local/sandbox/object-store.ts";
import type { SignatureInput } from "../../local/sandbox/webhook-sender.ts";

export const endpointType = "webhook_endpoint";
/** Secrets stand apart from their endpoints: no answer but the first shows one. */
export const secretType = "_webhook_secret";

const EndpointState = z.looseObject({
  id: z.string(),
  url: z.string(),
  enabled_events: z.array(z.string()),
  status: z.string(),
});
const SecretState = z.object({ secret: z.string() });

/** The live and enabled endpoints of an account that want events of a type. */
export function endpointsFor(
  objects: ObjectStore,
  account: string,
  eventType: string,
): readonly { readonly id: string; readonly url: string }[] {
  return objects
    .list(account, endpointType)
    .filter((object) => !object.deleted)
    .map((object) => EndpointState.parse(object.state))
    .filter((endpoint) => endpoint.status === "enabled")
    .filter((endpoint) => endpoint.enabled_events.some((wanted) => wanted === "*" || wanted === eventType));
}

/** The `Stripe-Signature` header, made by Stripe's own package (docs.stripe.com/webhooks/signature). */
export function signatureHeaders(objects: ObjectStore, input: SignatureInput): Readonly<Record<string, string>> {
  const { secret } = SecretState.parse(objects.get(input.account, secretType, input.endpoint)?.state);
  const header = Stripe.webhooks.generateTestHeaderString({
    payload: input.body,
    secret: input.secretIsWrong ? `${secret}x` : secret,
    timestamp: Math.floor(input.atMs / 1_000),
  });
  return { "stripe-signature": header, "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)" };
}
