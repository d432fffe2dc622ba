import { createHmac } from "node:crypto";
import type { PartnerChoices, WebhookKind } from "./choices.ts";

type Signed = Exclude<WebhookKind, "none">;

export interface WebhookTemplate {
  readonly module: string;
  readonly maker: string;
  /** The verifier, as code. */
  verifier(choices: PartnerChoices): string;
  readonly secret: string;
  /** How old a signature may be; null where the scheme has no time. */
  readonly toleranceMs: number | null;
  /** The headers that a delivery of the fixtures carries. */
  sign(choices: PartnerChoices, body: string, atSeconds: number): Readonly<Record<string, string>>;
  /** What the generated test imports, and how it signs without the driver's code. */
  readonly signImport: string;
  signCode(choices: PartnerChoices): string;
  /** How the docs page says it. */
  words(choices: PartnerChoices): string;
}

/** Of the form that Standard Webhooks wants, and with words in it that say that it is invented. */
const standardSecret = "whsec_exampleexampleexampleexample";
const messageId = "msg_example";

export const webhookTemplates: Readonly<Record<Signed, WebhookTemplate>> = {
  "body-hmac": {
    module: "body-hmac",
    maker: "bodyHmac",
    verifier: (choices) =>
      `bodyHmac({ header: ${JSON.stringify(headerOf(choices))}, algorithm: "sha256", encoding: "hex" })`,
    secret: "example-webhook-secret",
    toleranceMs: null,
    sign: (choices, body) => ({
      [headerOf(choices)]: createHmac("sha256", "example-webhook-secret").update(body).digest("hex"),
    }),
    signImport: 'import { createHmac } from "node:crypto";',
    signCode: (choices) =>
      `(body, secret) => ({ ${JSON.stringify(headerOf(choices))}: createHmac("sha256", secret).update(body).digest("hex") })`,
    words: (choices) => `\`${headerOf(choices)}\`: HMAC-SHA256 over the raw body, in hex`,
  },
  "standard-webhooks": {
    module: "standard-webhooks",
    maker: "standardWebhooks",
    verifier: () => 'standardWebhooks("webhook")',
    secret: standardSecret,
    toleranceMs: 300_000,
    sign: (_choices, body, atSeconds) => ({
      "webhook-id": messageId,
      "webhook-timestamp": String(atSeconds),
      "webhook-signature": `v1,${createHmac("sha256", Buffer.from(standardSecret.slice("whsec_".length), "base64"))
        .update(`${messageId}.${atSeconds}.${body}`)
        .digest("base64")}`,
    }),
    signImport: 'import { Webhook } from "standardwebhooks";',
    signCode: () => `(body, secret, atMs) => ({
      "webhook-id": "${messageId}",
      "webhook-timestamp": String(Math.floor(atMs / 1000)),
      "webhook-signature": new Webhook(secret).sign("${messageId}", new Date(atMs), Buffer.from(body)),
    })`,
    words: () => "Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`)",
  },
};

/** The template of the chosen kind; null where the partner sends no webhooks. */
export function webhookTemplateOf(choices: PartnerChoices): WebhookTemplate | null {
  return choices.webhooks === "none" ? null : webhookTemplates[choices.webhooks];
}

function headerOf(choices: PartnerChoices): string {
  return `x-${choices.name}-signature`;
}
