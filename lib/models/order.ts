import * as z from "zod";
import { Address, Extra, Id, Instant, LocalDay, Money } from "./common.ts";
import { Decimal } from "./decimal.ts";
import { defineModel } from "./model.ts";

/** One thing that is ordered, so many of it. */
export const OrderLine = z.strictObject({
  id: Id,
  productId: z.exactOptional(Id.nullable()),
  quantity: Decimal,
  /** What the quantity counts, in the partner's own word. */
  unit: z.exactOptional(z.string().nullable()),
  /** Agreed on when it was ordered. */
  unitPrice: z.exactOptional(Money.nullable()),
  isSample: z.exactOptional(z.boolean()),
  note: z.exactOptional(z.string().nullable()),
  extra: Extra,
});

export type OrderLine = z.infer<typeof OrderLine>;

/** Goods that a customer asks for, on their way from a draft to the door. A null means that the partner says "none"; a missing field, that it does not say. */
export const order = defineModel(
  "order",
  1,
  z.strictObject({
    id: Id,
    /** What people call it, where that is not the id. */
    number: z.exactOptional(z.string().nullable()),
    /**
     * `draft`: not sent yet; `submitted`: waits for the seller's word; `backordered`: waits for goods; `fulfilled`: packed;
     * `combined`: went into another order; `unknown`: a status that we have no word for.
     */
    status: z.enum([
      "draft",
      "submitted",
      "accepted",
      "backordered",
      "fulfilled",
      "shipped",
      "completed",
      "cancelled",
      "rejected",
      "combined",
      "unknown",
    ]),
    partnerStatus: z.string(),
    customerId: z.exactOptional(Id.nullable()),
    /** What the customer is to pay in all. */
    total: z.exactOptional(Money.nullable()),
    tax: z.exactOptional(Money.nullable()),
    shipping: z.exactOptional(Money.nullable()),
    /** Set off against the total. */
    credits: z.exactOptional(Money.nullable()),
    /** Still to be paid. */
    balance: z.exactOptional(Money.nullable()),
    paid: z.exactOptional(z.boolean()),
    paidDay: z.exactOptional(LocalDay.nullable()),
    dueAt: z.exactOptional(Instant.nullable()),
    shippedAt: z.exactOptional(Instant.nullable()),
    deliveryAddress: z.exactOptional(Address.nullable()),
    note: z.exactOptional(z.string().nullable()),
    /** Missing where the partner was not asked for them. */
    lines: z.exactOptional(z.array(OrderLine)),
    createdAt: Instant,
    updatedAt: z.exactOptional(Instant),
    extra: Extra,
  }),
);

export type Order = z.infer<typeof order.schema>;
