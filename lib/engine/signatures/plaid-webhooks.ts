import * as z from "zod";
import { plaidSignature } from "./plaid.ts";
import { jsonIn } from "./published-keys.ts";
import type { KeyAnswer, KeyReading } from "./published-keys.ts";
import type { PublishedKeyScheme } from "./verification.ts";

const Published = z.object({ key: z.looseObject({ kid: z.string() }) });
const Refused = z.object({ error_code: z.literal("INVALID_WEBHOOK_VERIFICATION_KEY_ID") });

/**
 * Plaid's webhooks with the way to its keys: `POST /webhook_verification_key/get` below the driver's base URL, with the
 * `clientId` and the `secret` of the partner's secret. https://plaid.com/docs/api/webhooks/webhook-verification/
 */
export const plaidWebhooks: PublishedKeyScheme = {
  kind: "published-keys",
  verify: plaidSignature,
  keys: {
    request: (id, { clientId = "", secret = "" }) => ({
      method: "POST",
      path: "/webhook_verification_key/get",
      query: {},
      endpoint: "POST /webhook_verification_key/get",
      body: { client_id: clientId, secret, key_id: id },
    }),
    read,
  },
};

function read({ status, body }: KeyAnswer, id: string): KeyReading {
  const json = jsonIn(body);
  if (status === 400)
    return Refused.safeParse(json).success ? { kind: "keys", keys: new Map() } : { kind: "unreadable" };
  const published = Published.safeParse(json);
  if (status !== 200 || !published.success || published.data.key.kid !== id) return { kind: "unreadable" };
  return { kind: "keys", keys: new Map([[id, JSON.stringify(published.data.key)]]) };
}
