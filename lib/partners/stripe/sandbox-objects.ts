import * as z from "zod";
import { createRandom, type Random } from "../../local/sandbox/random.ts";
import { stripeId } from "./sandbox-ids.ts";
import { charges, customers, paymentIntents } from "./sandbox-resources.ts";

/** How many of each there are or will be, so that objects can name one another. */
export interface Counts {
  readonly customers: number;
  readonly paymentIntents: number;
  readonly charges: number;
}

export type State = Record<string, unknown>;

/**
 * Minor units a currency has, for sensible amounts (docs.stripe.com/currencies): JPY has none, and three-decimal ones
 * must be multiples of ten.
 */
const currencies = [
  { code: "usd", step: 1, largest: 50_000 },
  { code: "usd", step: 1, largest: 5_000 },
  { code: "eur", step: 1, largest: 40_000 },
  { code: "gbp", step: 1, largest: 30_000 },
  { code: "jpy", step: 1, largest: 60_000 },
  { code: "kwd", step: 10, largest: 90_000 },
] as const;

type Outcome = "succeeded" | "uncaptured" | "failed" | "pending";

/** What a charge and its payment intent of the same index agree on. */
interface Payment {
  readonly amount: number;
  readonly currency: string;
  readonly outcome: Outcome;
  readonly customer: string | null;
  readonly paymentMethod: string;
}

/** What a charge takes over from its payment intent. */
export const Intent = z.looseObject({
  id: z.string(),
  amount: z.int(),
  currency: z.string(),
  customer: z.string().nullable(),
  payment_method: z.string().nullable(),
  status: z.string(),
});
export type Intent = z.infer<typeof Intent>;

function paymentAt(account: string, index: number, counts: Counts): Payment {
  const random = createRandom(`${account} payment ${index}`);
  const currency = pick(random, currencies);
  const steps = Math.floor(currency.largest / currency.step);
  const chance = random();
  const outcome = chance < 0.72 ? "succeeded" : chance < 0.82 ? "failed" : chance < 0.92 ? "uncaptured" : "pending";
  const customer = Math.floor(random() * counts.customers);
  const isGuest = counts.customers === 0 || random() < 0.15;
  return {
    amount: (50 + Math.floor(random() * (steps - 50))) * currency.step,
    currency: currency.code,
    outcome,
    customer: isGuest ? null : stripeId(customers.idPrefix, account, customer, customers.idLength),
    paymentMethod: stripeId("pm", account, index),
  };
}

/** A customer of Stripe's shape (docs.stripe.com/api/customers/object); names, e-mails and phones are reserved examples. */
export function customerAt(account: string, index: number, created: number): State {
  const random = createRandom(`${account} customer ${index}`);
  const name = random() < 0.9 ? `Example Customer ${index + 1}` : null;
  return {
    id: stripeId(customers.idPrefix, account, index, customers.idLength),
    object: "customer",
    address: random() < 0.5 ? addressFrom(random) : null,
    balance: random() < 0.1 ? -100 * Math.floor(1 + random() * 20) : 0,
    created,
    currency: random() < 0.5 ? pick(random, currencies).code : null,
    default_source: null,
    delinquent: false,
    description: random() < 0.3 ? `Account number ${10_000 + index}` : null,
    discount: null,
    email: random() < 0.9 ? `customer-${index + 1}@example.com` : null,
    invoice_prefix: stripeId("prefix", account, index, 8).slice(7).toUpperCase(),
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    livemode: false,
    metadata: random() < 0.3 ? { external_reference: `crm-${index + 1}` } : {},
    name,
    next_invoice_sequence: 1,
    phone: random() < 0.4 ? `+1555555${String(100 + (index % 100)).padStart(4, "0")}` : null,
    preferred_locales: random() < 0.2 ? ["en"] : [],
    shipping: random() < 0.2 ? { address: addressFrom(random), name: name ?? "Example Customer", phone: null } : null,
    tax_exempt: "none",
    test_clock: null,
  };
}

const statusOfIntent: Readonly<Record<Outcome, string>> = {
  succeeded: "succeeded",
  uncaptured: "requires_capture",
  failed: "requires_payment_method",
  pending: "processing",
};

/** A payment intent of Stripe's shape (docs.stripe.com/api/payment_intents/object). */
export function paymentIntentAt(account: string, index: number, created: number, counts: Counts): State {
  const payment = paymentAt(account, index, counts);
  const id = stripeId(paymentIntents.idPrefix, account, index, paymentIntents.idLength);
  const hasCharge = index < counts.charges;
  const outcome = hasCharge ? payment.outcome : "failed";
  return {
    id,
    object: "payment_intent",
    amount: payment.amount,
    amount_capturable: outcome === "uncaptured" ? payment.amount : 0,
    amount_details: { tip: {} },
    amount_received: outcome === "succeeded" ? payment.amount : 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: outcome === "uncaptured" ? "manual" : "automatic",
    client_secret: `${id}_secret_${stripeId("secret", account, index).slice(7)}`,
    confirmation_method: "automatic",
    created,
    currency: payment.currency,
    customer: payment.customer,
    description: null,
    last_payment_error:
      hasCharge && outcome === "failed"
        ? { type: "card_error", code: "card_declined", decline_code: "generic_decline" }
        : null,
    latest_charge: hasCharge ? stripeId(charges.idPrefix, account, index, charges.idLength) : null,
    livemode: false,
    metadata: {},
    next_action: null,
    on_behalf_of: null,
    payment_method: outcome === "failed" ? null : payment.paymentMethod,
    payment_method_options: {},
    payment_method_types: ["card"],
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: statusOfIntent[outcome],
    transfer_data: null,
    transfer_group: null,
  };
}

/** A charge as it was made once, of the payment intent with the same index when there is one. */
export function chargeAt(account: string, index: number, created: number, counts: Counts): State {
  const hasIntent = index < counts.paymentIntents;
  const intent = hasIntent ? stripeId(paymentIntents.idPrefix, account, index, paymentIntents.idLength) : null;
  return buildCharge(account, index, created, paymentAt(account, index, counts), intent);
}

/** The charge that a payment intent makes when it succeeds. */
export function chargeOfIntent(account: string, index: number, created: number, intent: Intent): State {
  const paymentMethod = intent.payment_method ?? stripeId("pm", account, index);
  const payment: Payment = { ...intent, outcome: "succeeded", paymentMethod };
  return buildCharge(account, index, created, payment, intent.id);
}

/** Of Stripe's shape (docs.stripe.com/api/charges/object); `invoice` left it with newer API versions. */
function buildCharge(account: string, index: number, created: number, payment: Payment, intent: string | null): State {
  const { amount, outcome } = payment;
  const id = stripeId(charges.idPrefix, account, index, charges.idLength);
  const failed = outcome === "failed";
  const captured = outcome === "succeeded";
  return {
    id,
    object: "charge",
    amount,
    amount_captured: captured ? amount : 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: captured ? stripeId("txn", account, index) : null,
    billing_details: billingDetails(createRandom(`${account} billing ${index}`), index),
    calculated_statement_descriptor: "SLUICE EXAMPLE",
    captured,
    created,
    currency: payment.currency,
    customer: payment.customer,
    description: index % 3 === 0 ? null : `Order ${1_000 + index}`,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: failed ? "card_declined" : null,
    failure_message: failed ? "Your card was declined." : null,
    fraud_details: {},
    livemode: false,
    metadata: index % 4 === 0 ? { order_id: String(1_000 + index) } : {},
    on_behalf_of: null,
    outcome: outcomeOf(failed),
    paid: !failed,
    payment_intent: intent,
    payment_method: payment.paymentMethod,
    payment_method_details: cardDetails(amount),
    receipt_email: null,
    receipt_number: null,
    receipt_url: failed ? null : `https://pay.stripe.example/receipts/${id}`,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: outcome === "uncaptured" ? "succeeded" : outcome,
    transfer_data: null,
    transfer_group: null,
  };
}

function outcomeOf(failed: boolean): State {
  return {
    advice_code: null,
    network_advice_code: null,
    network_decline_code: failed ? "05" : null,
    network_status: failed ? "declined_by_network" : "approved_by_network",
    reason: failed ? "generic_decline" : null,
    risk_level: "normal",
    seller_message: failed ? "The bank did not return any further details with this decline." : "Payment complete.",
    type: failed ? "issuer_declined" : "authorized",
  };
}

function cardDetails(amount: number): State {
  return {
    card: {
      amount_authorized: amount,
      brand: "visa",
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: "pass" },
      country: "US",
      exp_month: 8,
      exp_year: 2034,
      fingerprint: "ExampleFingerpr1",
      funding: "credit",
      installments: null,
      last4: "4242",
      mandate: null,
      network: "visa",
      three_d_secure: null,
      wallet: null,
    },
    type: "card",
  };
}

function billingDetails(random: Random, index: number): State {
  const empty = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null };
  return {
    address: random() < 0.4 ? addressFrom(random) : empty,
    email: random() < 0.5 ? `payer-${index + 1}@example.com` : null,
    name: random() < 0.7 ? `Example Payer ${index + 1}` : null,
    phone: null,
    tax_id: null,
  };
}

/** Every field of an address may be null by itself. */
function addressFrom(random: Random): State {
  const [city, country, postalCode, state] = pick(random, [
    ["Hamburg", "DE", "20095", null],
    ["Springfield", "US", "00000", "OR"],
    ["Tokyo", "JP", "100-0001", null],
    [null, "GB", null, null],
    [null, null, null, null],
  ] as const);
  return {
    city,
    country,
    line1: city === null ? null : `${1 + Math.floor(random() * 200)} Example Street`,
    line2: random() < 0.2 ? "Flat 2" : null,
    postal_code: postalCode,
    state,
  };
}

function pick<T>(random: Random, from: readonly T[]): T {
  const picked = from[Math.floor(random() * from.length)];
  if (picked === undefined) throw new Error("There is nothing to pick from");
  return picked;
}
