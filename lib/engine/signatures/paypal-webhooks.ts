import { readCertificates } from "./certificates.ts";
import { paypalSignature } from "./paypal.ts";
import type { PaypalOptions } from "./paypal.ts";
import type { KeyAnswer, KeyReading } from "./published-keys.ts";
import type { PublishedKeyScheme } from "./verification.ts";

/**
 * PayPal's webhooks with the way to its certificates: each is at the address that the webhook names, which the verifier
 * holds to PayPal's own. The driver's `hosts` name `api.paypal.com`, or `api.sandbox.paypal.com`.
 */
export function paypalWebhooks(options: PaypalOptions): PublishedKeyScheme {
  return {
    kind: "published-keys",
    verify: paypalSignature(options),
    keys: {
      request: (address) => ({ method: "GET", path: address, query: {}, endpoint: "GET certificate" }),
      read,
    },
  };
}

function read({ status, body }: KeyAnswer, address: string): KeyReading {
  if (status === 404) return { kind: "keys", keys: new Map() };
  const text = Buffer.from(body).toString("utf8");
  // What is no certificate is an error page, and not kept for an hour.
  if (status !== 200 || readCertificates(text) === null) return { kind: "unreadable" };
  return { kind: "keys", keys: new Map([[address, text]]) };
}
