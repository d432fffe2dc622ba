/** A charge as Stripe's API sends it (https://docs.stripe.com/api/charges/object), invented from its number alone. */
export function stripeCharge(index: number): Record<string, unknown> {
  const id = String(index).padStart(14, "0");
  return {
    id: `ch_3Bench${id}`,
    object: "charge",
    amount: 1_000 + (index % 9_000),
    amount_captured: 1_000 + (index % 9_000),
    amount_refunded: 0,
    application: null,
    balance_transaction: `txn_3Bench${id}`,
    billing_details: {
      address: {
        city: "Springfield",
        country: "US",
        line1: `${index} Example Street`,
        line2: null,
        postal_code: "12345",
        state: "IL",
      },
      email: `payer${index}@example.com`,
      name: `Payer ${index}`,
      phone: null,
    },
    captured: true,
    created: 1_790_000_000 + index,
    currency: "usd",
    customer: `cus_Bench${id}`,
    description: `Order ${index} – fünf Stück`,
    disputed: false,
    failure_code: null,
    failure_message: null,
    livemode: false,
    metadata: { order_id: `order-${index}`, channel: "web" },
    outcome: {
      network_status: "approved_by_network",
      reason: null,
      risk_level: "normal",
      seller_message: "Payment complete.",
      type: "authorized",
    },
    paid: true,
    payment_intent: `pi_3Bench${id}`,
    payment_method: `pm_1Bench${id}`,
    payment_method_details: {
      card: {
        brand: "visa",
        checks: { address_line1_check: "pass", cvc_check: "pass" },
        country: "US",
        exp_month: 12,
        exp_year: 2030,
        funding: "credit",
        last4: "4242",
        network: "visa",
      },
      type: "card",
    },
    receipt_url: `https://pay.example.com/receipts/${id}`,
    refunded: false,
    status: "succeeded",
    transfer_group: null,
  };
}

/** The JSON of a `charge.succeeded` event, filled up to about so many bytes with metadata. */
export function stripeEvent(index: number, bytes: number): string {
  const id = String(index).padStart(14, "0");
  const charge = stripeCharge(index);
  const event = (metadata: object): string =>
    JSON.stringify({
      id: `evt_3Bench${id}`,
      object: "event",
      api_version: "2026-07-29.dahlia",
      created: 1_790_000_000 + index,
      data: { object: { ...charge, metadata } },
      livemode: false,
      pending_webhooks: 1,
      request: { id: null, idempotency_key: null },
      type: "charge.succeeded",
    });
  const missing = bytes - event({}).length;
  const notes = Math.max(0, Math.floor(missing / 60));
  return event(Object.fromEntries(Array.from({ length: notes }, (_, note) => [`note_${note}`, "n".repeat(46)])));
}
