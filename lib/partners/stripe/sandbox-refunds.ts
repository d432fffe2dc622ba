import * as z from "zod";
import type { Reply, Route, SandboxContext } from "../../local/sandbox/definition.ts";
import type { StoredObject } from "../../local/sandbox/object-store.ts";
import type { Change } from "./sandbox-change.ts";
import { FormInteger, mergeMetadata, MetadataChange } from "./sandbox-fields.ts";
import { stripeId } from "./sandbox-ids.ts";
import { errorReply, invalidRequest, missing } from "./sandbox-replies.ts";
import { charges, paymentIntents, refunds } from "./sandbox-resources.ts";
import { changeBy, write, type Cause, type Written } from "./sandbox-writes.ts";

/** docs.stripe.com/api/refunds/create. */
const RefundFields = z.strictObject({
  charge: z.string().optional(),
  payment_intent: z.string().optional(),
  amount: FormInteger.pipe(z.int().min(1)).optional(),
  reason: z.enum(["duplicate", "fraudulent", "requested_by_customer"]).optional(),
  metadata: MetadataChange.optional(),
});
type RefundFields = z.infer<typeof RefundFields>;

export const ChargeMoney = z.looseObject({
  id: z.string(),
  amount_captured: z.int(),
  amount_refunded: z.int(),
  currency: z.string(),
  payment_intent: z.string().nullable(),
  status: z.string(),
});
export type ChargeMoney = z.infer<typeof ChargeMoney>;

export function refundRoute(context: SandboxContext): Route {
  return {
    method: "POST",
    template: refunds.path,
    handle: (request, account) =>
      write(context, request, account, RefundFields, (fields, cause) => createRefund(context, account, fields, cause)),
  };
}

/** Refunds an amount within a change: the refund, the charge with what is left of it, and the events of both. */
export function refundWithin(
  context: SandboxContext,
  account: string,
  change: Change,
  charge: ChargeMoney,
  asked: {
    readonly amount: number;
    readonly reason: string | null;
    readonly metadata: Readonly<Record<string, string>>;
  },
) {
  const id = stripeId(refunds.idPrefix, account, context.objects.created(account, refunds.type));
  const refunded = charge.amount_refunded + asked.amount;
  const refund = {
    id,
    object: "refund",
    amount: asked.amount,
    balance_transaction: null,
    charge: charge.id,
    created: change.createdNow(refunds.type),
    currency: charge.currency,
    destination_details: { card: { type: "refund" }, type: "card" },
    metadata: asked.metadata,
    payment_intent: charge.payment_intent,
    reason: asked.reason,
    receipt_number: null,
    source_transfer_reversal: null,
    status: "succeeded",
    transfer_reversal: null,
  };
  const after = { ...charge, amount_refunded: refunded, refunded: refunded === charge.amount_captured };
  const reference = change.put(refunds.type, id, refund);
  const chargeReference = change.put(charges.type, charge.id, after);
  change.emit("refund.created", reference, refund);
  const previous = { amount_refunded: charge.amount_refunded, ...(after.refunded ? { refunded: false } : {}) };
  change.emit("charge.refunded", chargeReference, after, previous);
  return { refund, reference };
}

function createRefund(context: SandboxContext, account: string, fields: RefundFields, cause: Cause): Written {
  const found = findCharge(context, account, fields);
  if (found.kind === "reply") return { reply: found.reply };
  const charge = ChargeMoney.parse(found.charge.state);
  const left = charge.amount_captured - charge.amount_refunded;
  const amount = fields.amount ?? left;
  if (charge.amount_captured > 0 && left === 0) {
    const message = `Charge ${charge.id} has already been refunded.`;
    return { reply: errorReply(400, { type: "invalid_request_error", code: "charge_already_refunded", message }) };
  }
  if (charge.status !== "succeeded" || left === 0) {
    return {
      reply: invalidRequest(`Charge ${charge.id} has nothing captured that could be refunded.`, undefined, "charge"),
    };
  }
  if (amount > left) {
    const message = `The amount (${amount}) is greater than what is left of the charge (${left}).`;
    return { reply: invalidRequest(message, undefined, "amount") };
  }
  const metadata = mergeMetadata({}, fields.metadata ?? {});
  if (metadata === null) return { reply: invalidRequest("Metadata has at most 50 keys.", undefined, "metadata") };
  const change = changeBy(context, account, cause);
  const { refund, reference } = refundWithin(context, account, change, charge, {
    amount,
    reason: fields.reason ?? null,
    metadata,
  });
  return { change, reply: { status: 200, body: refund, references: [reference], single: true } };
}

type Found =
  { readonly kind: "charge"; readonly charge: StoredObject } | { readonly kind: "reply"; readonly reply: Reply };

function findCharge(context: SandboxContext, account: string, fields: RefundFields): Found {
  const { charge: chargeId, payment_intent: intentId } = fields;
  if (chargeId === undefined && intentId === undefined) {
    const message = "One of charge or payment_intent must be given.";
    return { kind: "reply", reply: invalidRequest(message, "parameter_missing", "charge") };
  }
  const intent = intentId === undefined ? null : context.objects.get(account, paymentIntents.type, intentId);
  if (intentId !== undefined && intent === null) {
    return { kind: "reply", reply: missing(400, paymentIntents.noun, intentId, "payment_intent") };
  }
  const wanted = chargeId ?? String(intent?.state["latest_charge"]);
  const charge = context.objects.get(account, charges.type, wanted);
  if (charge === null) return { kind: "reply", reply: missing(400, charges.noun, wanted, "charge") };
  return { kind: "charge", charge };
}
