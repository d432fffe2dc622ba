import type * as z from "zod";
import { extraOf, instantFromSeconds, present } from "../../models/common.ts";
import type { Address, Money } from "../../models/common.ts";
import type { customer as customerModel } from "../../models/customer.ts";
import { minorDigitsOf, moneyFromMinor } from "../../models/money.ts";
import type { Payment, payment as paymentModel } from "../../models/payment.ts";
import type { Charge, Customer, PaymentIntent } from "./schemas.ts";

/** @example toCharge(Charge.parse(raw)).amount; // { amount: "10.99", currency: "USD" } */
export function toCharge(raw: z.infer<typeof Charge>): z.input<typeof paymentModel.schema> {
  return present({
    id: raw.id,
    kind: "charge" as const,
    status: chargeStatus(raw),
    partnerStatus: raw.status,
    amount: stripeMoney(raw.amount, raw.currency),
    received: stripeMoney(raw.amount_captured, raw.currency),
    refunded: stripeMoney(raw.amount_refunded, raw.currency),
    disputed: raw.disputed,
    createdAt: instantFromSeconds(raw.created),
    customerId: raw.customer,
    intentId: raw.payment_intent,
    description: raw.description,
    failure: chargeFailure(raw),
    extra: extraWithoutSecrets(raw, chargeFields),
  });
}

export function toPaymentIntent(raw: z.infer<typeof PaymentIntent>): z.input<typeof paymentModel.schema> {
  return present({
    id: raw.id,
    kind: "intent" as const,
    status: intentStatuses.get(raw.status) ?? ("unknown" as const),
    partnerStatus: raw.status,
    amount: stripeMoney(raw.amount, raw.currency),
    received: stripeMoney(raw.amount_received, raw.currency),
    createdAt: instantFromSeconds(raw.created),
    cancelledAt: typeof raw.canceled_at === "number" ? instantFromSeconds(raw.canceled_at) : raw.canceled_at,
    customerId: raw.customer,
    chargeId: raw.latest_charge,
    description: raw.description,
    failure: intentFailure(raw.last_payment_error),
    extra: extraWithoutSecrets(raw, intentFields),
  });
}

export function toCustomer(raw: z.infer<typeof Customer>): z.input<typeof customerModel.schema> {
  // `gone` is asked before: a record of a deleted customer is a tombstone and is never mapped.
  if (raw.deleted === true) throw new Error("a deleted customer has nothing to map");
  return present({
    id: raw.id,
    name: raw.name,
    email: raw.email,
    phone: raw.phone,
    address: toAddress(raw.address),
    description: raw.description,
    createdAt: instantFromSeconds(raw.created),
    extra: extraWithoutSecrets(raw, customerFields),
  });
}

/** What the model holds already. A status is kept there in the partner's own word too. */
const commonFields = ["id", "object", "created", "description"];
const paymentFields = [...commonFields, "status", "amount", "currency", "customer"];
const chargeFields = [
  ...paymentFields,
  "amount_captured",
  "amount_refunded",
  "disputed",
  "payment_intent",
  "failure_code",
  "failure_message",
];
const intentFields = [...paymentFields, "amount_received", "canceled_at", "latest_charge"];
const customerFields = [...commonFields, "name", "email", "phone", "address", "deleted"];

/** https://docs.stripe.com/api/charges/object#charge_object-status */
function chargeStatus(raw: z.infer<typeof Charge>): Payment["status"] {
  if (raw.status === "pending" || raw.status === "failed") return raw.status;
  if (raw.status !== "succeeded") return "unknown";
  if (raw.captured) return "succeeded";
  // An authorization that is let go or runs out counts as refunded although nothing was taken.
  return raw.amount_refunded >= raw.amount && raw.amount > 0 ? "cancelled" : "authorized";
}

/** https://docs.stripe.com/payments/paymentintents/lifecycle */
const intentStatuses: ReadonlyMap<string, Payment["status"]> = new Map([
  ["requires_payment_method", "open"],
  ["requires_confirmation", "open"],
  ["requires_action", "open"],
  ["processing", "pending"],
  ["requires_capture", "authorized"],
  ["succeeded", "succeeded"],
  ["canceled", "cancelled"],
]);

function chargeFailure(raw: z.infer<typeof Charge>): Payment["failure"] {
  if (typeof raw.failure_code !== "string") return raw.failure_code;
  return present({ code: raw.failure_code, message: raw.failure_message });
}

function intentFailure(error: z.infer<typeof PaymentIntent>["last_payment_error"]): Payment["failure"] {
  return error === null || error === undefined
    ? error
    : present({ code: error.code ?? error.type, message: error.message });
}

function toAddress(raw: Exclude<z.infer<typeof Customer>, { deleted: true }>["address"]): Address | null | undefined {
  if (raw === null || raw === undefined) return raw;
  const { line1, line2, city, state, postal_code, country } = raw;
  return present({ line1, line2, city, region: state, postalCode: postal_code, country });
}

/** Stripe's amounts leave ISO 4217 here: https://docs.stripe.com/currencies#special-cases and #zero-decimal */
const stripeDigits: Readonly<Record<string, number>> = { isk: 2, ugx: 2, mga: 0 };

function stripeMoney(amount: number, currency: string): Money {
  return moneyFromMinor(amount, currency, stripeDigits[currency] ?? minorDigitsOf(currency));
}

/** Whoever holds a client secret can finish the payment, and a next action's URLs carry it: neither is to be stored. */
const secretFields: ReadonlySet<string> = new Set(["client_secret", "next_action"]);

function extraWithoutSecrets(
  raw: Readonly<Record<string, unknown>>,
  taken: readonly string[],
): Record<string, unknown> {
  return membersWithoutSecrets(extraOf(raw, taken));
}

function membersWithoutSecrets(members: object): Record<string, unknown> {
  const kept = Object.entries(members).filter(([key]) => !secretFields.has(key));
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutSecrets(value)]));
}

/** Recursion is safe here: answers nest no deeper than their parser allows. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  return typeof value === "object" && value !== null ? membersWithoutSecrets(value) : value;
}
