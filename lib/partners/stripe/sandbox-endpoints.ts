import * as z from "zod";
import { Stripe } from "stripe";
import type { ObjectStore } from "../../local/sandbox/object-store.ts";
import type { SignatureInput } from "../../local/sandbox/webhook-sender.ts";
import { settingsOf } from "./sandbox-accounts.ts";

export const endpointType = "webhook_endpoint";
/** Secrets stand apart from their endpoints: no answer but the first shows one. */
export const secretType = "_webhook_secret";

const EndpointState = z.looseObject({
  id: z.string(),
  url: z.string(),
  enabled_events: z.array(z.string()),
  status: z.string(),
});
const SecretState = z.object({
  secret: z.string(),
  /** Told of the connected accounts' events, and of its own account's not (docs.stripe.com/connect/webhooks). */
  connect: z.boolean().default(false),
});

export interface EndpointFor {
  readonly id: string;
  readonly url: string;
  /** The platform's: the event says whose it is. */
  readonly connect: boolean;
}

/** Who is told of an account's events of a type: its own endpoints, and its platform's for connected accounts. */
export function endpointsFor(objects: ObjectStore, account: string, eventType: string): readonly EndpointFor[] {
  const own = enabledFor(objects, account, eventType).filter(({ connect }) => !connect);
  const platform = settingsOf(objects, account)?.platform ?? null;
  const above = platform === null ? [] : enabledFor(objects, platform, eventType).filter(({ connect }) => connect);
  return [...own, ...above];
}

/** The live and enabled endpoints of an account that want events of a type. */
function enabledFor(objects: ObjectStore, account: string, eventType: string): readonly EndpointFor[] {
  return objects
    .list(account, endpointType)
    .filter((object) => !object.deleted)
    .map((object) => EndpointState.parse(object.state))
    .filter((endpoint) => endpoint.status === "enabled")
    .filter((endpoint) => endpoint.enabled_events.some((wanted) => wanted === "*" || wanted === eventType))
    .map(({ id, url }) => ({ id, url, connect: secretOf(objects, account, id)?.connect ?? false }));
}

/** The `Stripe-Signature` header, made by Stripe's own package (docs.stripe.com/webhooks/signature). */
export function signatureHeaders(objects: ObjectStore, input: SignatureInput): Readonly<Record<string, string>> {
  const platform = settingsOf(objects, input.account)?.platform ?? null;
  const own = secretOf(objects, input.account, input.endpoint);
  const kept = own ?? (platform === null ? null : secretOf(objects, platform, input.endpoint));
  if (kept === null) throw new Error(`Webhook endpoint ${input.endpoint} has no secret`);
  const { secret } = kept;
  const header = Stripe.webhooks.generateTestHeaderString({
    payload: input.body,
    secret: input.secretIsWrong ? `${secret}x` : secret,
    timestamp: Math.floor(input.atMs / 1_000),
  });
  return { "stripe-signature": header, "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)" };
}

function secretOf(objects: ObjectStore, account: string, endpoint: string): z.infer<typeof SecretState> | null {
  const stored = objects.get(account, secretType, endpoint);
  return stored === null ? null : SecretState.parse(stored.state);
}
