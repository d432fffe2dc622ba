import * as z from "zod";
import { Extra, Id, Instant, Money } from "./common.ts";
import { defineModel } from "./model.ts";

/**
 * Money that a customer pays, or is to pay. A null means that the partner says "none"; a missing field, that it does not say.
 */
export const payment = defineModel(
  "payment",
  1,
  z.strictObject({
    id: Id,
    /** `intent`: something to be paid, over as many attempts as it takes; `charge`: one attempt to move the money. */
    kind: z.enum(["intent", "charge"]),
    /** `authorized`: held, not taken yet; `open`: waits for the payer or the merchant; `unknown`: a status that we have no word for. */
    status: z.enum(["open", "pending", "authorized", "succeeded", "failed", "cancelled", "unknown"]),
    partnerStatus: z.string(),
    amount: Money,
    /** What has really been taken so far. */
    received: z.exactOptional(Money),
    refunded: z.exactOptional(Money),
    disputed: z.exactOptional(z.boolean()),
    createdAt: Instant,
    cancelledAt: z.exactOptional(Instant.nullable()),
    customerId: z.exactOptional(Id.nullable()),
    /** Of a charge: the intent it tries to fulfil. */
    intentId: z.exactOptional(Id.nullable()),
    /** Of an intent: its latest attempt. */
    chargeId: z.exactOptional(Id.nullable()),
    description: z.exactOptional(z.string().nullable()),
    failure: z.exactOptional(
      z.strictObject({ code: z.string(), message: z.exactOptional(z.string().nullable()) }).nullable(),
    ),
    extra: Extra,
  }),
);

export type Payment = z.infer<typeof payment.schema>;
