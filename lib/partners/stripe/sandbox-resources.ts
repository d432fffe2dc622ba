/** Stripe's resources that the sandbox has: Stripe's `object` value, the path's word, and what errors call one. */
export interface Resource {
  readonly type: string;
  readonly path: string;
  readonly noun: string;
  readonly idPrefix: string;
  readonly idLength: number;
  /** Equality filters of the list, beside `created` (docs.stripe.com/api, each resource's "List all"). */
  readonly filters: readonly string[];
}

export const customers: Resource = {
  type: "customer",
  path: "/v1/customers",
  noun: "customer",
  idPrefix: "cus",
  idLength: 14,
  filters: ["email"],
};
export const paymentIntents: Resource = {
  type: "payment_intent",
  path: "/v1/payment_intents",
  noun: "payment_intent",
  idPrefix: "pi",
  idLength: 24,
  filters: ["customer"],
};
export const charges: Resource = {
  type: "charge",
  path: "/v1/charges",
  noun: "charge",
  idPrefix: "ch",
  idLength: 24,
  filters: ["customer", "payment_intent"],
};
export const refunds: Resource = {
  type: "refund",
  path: "/v1/refunds",
  noun: "refund",
  idPrefix: "re",
  idLength: 24,
  filters: ["charge", "payment_intent"],
};

export const resources: readonly Resource[] = [customers, paymentIntents, charges, refunds];
