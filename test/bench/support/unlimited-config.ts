import { defineConfig, slidingWindow, stripe } from "../../../lib/index.ts";

const { limitsFor: _, ...stripeWithoutTiers } = stripe;

/** Stripe's driver at a partner that takes any number of calls: what is measured is us, and not the limit. */
export const unlimitedStripe = {
  ...stripeWithoutTiers,
  limits: [slidingWindow({ per: "account", requests: 1_000_000, perMs: 1_000 })],
} as const;

/** The same partner again, under a name of its own, with its own lanes and functions. */
export const unlimitedTwin = { ...unlimitedStripe, name: "twin" } as const;

export default defineConfig({ partners: [unlimitedStripe, unlimitedTwin], stages: { bench: { kind: "dev" } } });
