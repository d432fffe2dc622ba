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
export { PageShapeError, type PageContent, type PageStrategy } from "./engine/pages/page-strategy.ts";
export * from "./engine/pages/keyset.ts";
export * from "./engine/pages/next-link.ts";
export * from "./engine/pages/offset.ts";
export * from "./engine/signatures/body-hmac.ts";
export * from "./engine/signatures/hmac.ts";
export * from "./engine/signatures/standard-webhooks.ts";
export * from "./engine/signatures/stripe.ts";
export type { SignedRequest, Verdict, Verifier } from "./engine/signatures/verifier.ts";
export * from "./models/index.ts";
export * from "./partners/index.ts";
