import * as z from "zod";
import { definePartner } from "../../../lib/engine/define-partner.ts";
import type { PartnerDriver, WebhookDriver } from "../../../lib/engine/define-partner.ts";
import { ownTokenWebhooks } from "../../../lib/engine/signatures/own-token-webhooks.ts";
import { plaidWebhooks } from "../../../lib/engine/signatures/plaid-webhooks.ts";
import { slackSignature } from "../../../lib/engine/signatures/slack.ts";
import { squareSignature } from "../../../lib/engine/signatures/square.ts";
import { standardWebhooks } from "../../../lib/engine/signatures/standard-webhooks.ts";
import { stripeSignature } from "../../../lib/engine/signatures/stripe.ts";
import { tokenHeader } from "../../../lib/engine/signatures/token-header.ts";
import { xeroSignature } from "../../../lib/engine/signatures/xero.ts";
import { slackChallenge } from "../../../lib/engine/webhooks/slack-challenge.ts";
import { xeroIntent } from "../../../lib/engine/webhooks/xero-intent.ts";

type Verified = Pick<WebhookDriver, "verify"> & Partial<WebhookDriver>;

/** Partners that are nothing but a door, one for each way to come in. */
export const partners: readonly PartnerDriver[] = [
  driver("stripe", { verify: stripeSignature }),
  driver("standard", { verify: standardWebhooks("webhook") }),
  driver("square", { verify: squareSignature }),
  driver("slack", { verify: slackSignature, challenge: slackChallenge, answer: { status: 201, body: "" } }),
  driver("xero", {
    verify: xeroSignature,
    challenge: xeroIntent,
    answer: { status: 201, body: "" },
    refusesWithoutBody: true,
  }),
  driver("google", { verify: tokenHeader("x-goog-channel-token"), keepHeaders: ["x-goog-message-number"] }),
  driver("booking", { verify: ownTokenWebhooks("booking") }),
  driver("plaid", { verify: plaidWebhooks }),
];

function driver(name: string, webhook: Verified): PartnerDriver {
  return definePartner({
    name,
    title: name,
    docs: `https://${name}.example/docs`,
    baseUrl: name === "plaid" ? "https://production.plaid.com" : `https://api.${name}.example`,
    auth: {
      kind: "header",
      header: "authorization",
      prefix: "Bearer ",
      field: "apiKey",
      credential: z.object({ apiKey: z.string() }),
    },
    limits: [],
    webhook: { schema: z.unknown(), dedupeKey: () => "key", touches: () => [], ...webhook },
    resources: {},
  });
}
