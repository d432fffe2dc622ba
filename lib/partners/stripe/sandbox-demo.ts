import type { SandboxDemo } from "../../local/sandbox/demo.ts";

const key = "sk_test_sluiceDemonstration0001";
const webhookSecret = "whsec_sluiceDemonstrationOnly0001";

/** Webhooks of the resources that the driver has. Stripe's endpoints name events one by one, without wildcards. */
const enabledEvents = [
  "charge.failed",
  "charge.pending",
  "charge.refunded",
  "charge.succeeded",
  "charge.updated",
  "customer.created",
  "customer.deleted",
  "customer.updated",
  "payment_intent.created",
  "payment_intent.requires_action",
  "payment_intent.succeeded",
];

/** More payment intents than charges: those without a charge are still open, so that something can happen to them. */
const seeds = {
  demo: { charges: 2_400, paymentIntents: 2_900, customers: 1_200 },
  smoke: { charges: 320, paymentIntents: 420, customers: 260 },
};

export const stripeDemo: SandboxDemo = {
  account: (size) => ({
    key,
    webhookSecret,
    enabledEvents,
    // A key for tests has 25 a second for the whole account (docs.stripe.com/rate-limits).
    limits: { globalPerSecond: 25, endpointPerSecond: 25 },
    seed: seeds[size],
  }),
  accountKey: { key },
  credential: { apiKey: key },
  webhookSecret,
  resourceOf: { charge: "charges", payment_intent: "paymentIntents", customer: "customers" },
  singlePath: "/v1/",
};
