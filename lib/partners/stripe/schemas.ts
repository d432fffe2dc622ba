import * as z from "zod";

/**
 * What Stripe sends, as far as it is read here; every other field is kept as it came. Versions differ and fields come and go,
 * so that only what no version lacks is required. Statuses are open sets: https://docs.stripe.com/upgrades#what-changes-does-stripe-consider-to-be-backward-compatible
 */
const Id = z.string().min(1).max(255);
/** Unix seconds, within the years that a date can be written with four digits. */
const Seconds = z.int().min(0).max(253_402_300_799);
const Currency = z.string().regex(/^[a-z]{3}$/);
/** Related things are ids here, as nothing asks for them to be expanded. */
const Reference = z.exactOptional(Id.nullable());
const Text = z.exactOptional(z.string().nullable());

export const Charge = z.looseObject({
  id: Id,
  object: z.literal("charge"),
  amount: z.int(),
  amount_captured: z.int(),
  amount_refunded: z.int(),
  captured: z.boolean(),
  created: Seconds,
  currency: Currency,
  status: z.string().min(1),
  customer: Reference,
  description: Text,
  disputed: z.exactOptional(z.boolean()),
  failure_code: Text,
  failure_message: Text,
  payment_intent: Reference,
});

export const PaymentIntent = z.looseObject({
  id: Id,
  object: z.literal("payment_intent"),
  amount: z.int(),
  amount_received: z.int(),
  created: Seconds,
  currency: Currency,
  status: z.string().min(1),
  canceled_at: z.exactOptional(Seconds.nullable()),
  customer: Reference,
  description: Text,
  last_payment_error: z.exactOptional(z.looseObject({ type: z.string(), code: Text, message: Text }).nullable()),
  latest_charge: Reference,
});

const LiveCustomer = z.looseObject({
  id: Id,
  object: z.literal("customer"),
  created: Seconds,
  deleted: z.exactOptional(z.literal(false)),
  address: z.exactOptional(
    z.looseObject({ line1: Text, line2: Text, city: Text, state: Text, postal_code: Text, country: Text }).nullable(),
  ),
  description: Text,
  email: Text,
  name: Text,
  phone: Text,
});

/** A GET of a deleted customer answers 200 with this stub: https://docs.stripe.com/api/customers/retrieve */
const DeletedCustomer = z.looseObject({ id: Id, object: z.literal("customer"), deleted: z.literal(true) });

export const Customer = z.discriminatedUnion("deleted", [LiveCustomer, DeletedCustomer]);

/** An object in an event; some, such as an upcoming invoice, have no id yet. */
const EventObject = z.looseObject({
  id: z.exactOptional(Id),
  object: z.string(),
  charge: Reference,
  customer: Reference,
  payment_intent: Reference,
});

export const SnapshotEvent = z.looseObject({
  id: Id,
  object: z.literal("event"),
  type: z.string().min(1),
  created: Seconds,
  /** Connect: whose event it is. https://docs.stripe.com/connect/webhooks */
  account: z.exactOptional(Id),
  data: z.looseObject({ object: EventObject }),
});

/** Names what changed and leaves the rest to a GET: https://docs.stripe.com/event-destinations#thin-events */
export const ThinEvent = z.looseObject({
  id: Id,
  object: z.literal("v2.core.event"),
  type: z.string().min(1),
  context: z.exactOptional(Id.nullable()),
  related_object: z.exactOptional(z.looseObject({ id: Id, type: z.string() }).nullable()),
});

export const WebhookEvent = z.discriminatedUnion("object", [SnapshotEvent, ThinEvent]);

export const ErrorBody = z.looseObject({
  error: z.looseObject({
    type: z.exactOptional(z.string()),
    code: z.exactOptional(z.string()),
    param: z.exactOptional(z.string()),
  }),
});
