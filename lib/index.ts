/** What an adopter's configuration and own drivers are written with. It is bundled into functions: nothing here imports the CDK. */
export { defineConfig, type SluiceConfig, type StageConfig } from "./engine/config.ts";
export * from "./engine/define-partner.ts";
export {
  isPartnerError,
  PartnerError,
  type ErrorCause,
  type ErrorKind,
  type PartnerErrorInit,
} from "./engine/errors.ts";
export * from "./engine/gate/limit-declarations.ts";
export {
  PageShapeError,
  type Acknowledgement,
  type PageCall,
  type PageContent,
  type PageStrategy,
  type Span,
} from "./engine/pages/page-strategy.ts";
export type { XmlElement } from "./engine/parse-xml.ts";
export * from "./engine/pages/acknowledged-queue.ts";
export * from "./engine/pages/graphql-connection.ts";
export * from "./engine/pages/keyset.ts";
export * from "./engine/pages/next-link.ts";
export * from "./engine/pages/offset.ts";
export * from "./engine/pages/page-number.ts";
export * from "./engine/pages/sync-token.ts";
export * from "./engine/pages/windows.ts";
export * from "./engine/signatures/basic.ts";
export * from "./engine/signatures/body-hmac.ts";
export * from "./engine/signatures/distru.ts";
export * from "./engine/signatures/github.ts";
export * from "./engine/signatures/google-pub-sub.ts";
export * from "./engine/signatures/google-pub-sub-webhooks.ts";
export * from "./engine/signatures/hmac.ts";
export * from "./engine/signatures/hubspot-v1.ts";
export * from "./engine/signatures/hubspot-v2.ts";
export * from "./engine/signatures/hubspot-v3.ts";
export * from "./engine/signatures/key-cache.ts";
export * from "./engine/signatures/leaflink.ts";
export * from "./engine/signatures/own-token.ts";
export * from "./engine/signatures/own-token-webhooks.ts";
export * from "./engine/signatures/paypal.ts";
export * from "./engine/signatures/paypal-webhooks.ts";
export * from "./engine/signatures/plaid.ts";
export * from "./engine/signatures/plaid-webhooks.ts";
export * from "./engine/signatures/published-keys.ts";
export * from "./engine/signatures/quickbooks.ts";
export * from "./engine/signatures/secret-path.ts";
export * from "./engine/signatures/shopify-app-proxy.ts";
export * from "./engine/signatures/shopify-oauth.ts";
export * from "./engine/signatures/shopify-webhook.ts";
export * from "./engine/signatures/slack.ts";
export * from "./engine/signatures/square.ts";
export * from "./engine/signatures/standard-webhooks.ts";
export * from "./engine/signatures/standard-webhooks-v1a.ts";
export * from "./engine/signatures/stripe.ts";
export * from "./engine/signatures/telegram-login.ts";
export * from "./engine/signatures/token-endpoint.ts";
export * from "./engine/signatures/token-header.ts";
export * from "./engine/signatures/twilio.ts";
export * from "./engine/signatures/twilio-body-sha256.ts";
export * from "./engine/signatures/twilio-form.ts";
export * from "./engine/signatures/verification.ts";
export * from "./engine/signatures/verifier.ts";
export * from "./engine/signatures/xero.ts";
export * from "./engine/signatures/zendesk.ts";
export * from "./engine/webhooks/slack-challenge.ts";
export * from "./engine/webhooks/webhook-answer.ts";
export * from "./engine/webhooks/xero-intent.ts";
export * from "./models/index.ts";
export * from "./partners/index.ts";
