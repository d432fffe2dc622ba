import * as z from "zod";
import { Extra, Id, Instant, LocalDay, Money } from "./common.ts";
import { defineModel } from "./model.ts";

/** What a customer is asked to pay for. A null means that the partner says "none"; a missing field, that it does not say. */
export const invoice = defineModel(
  "invoice",
  1,
  z.strictObject({
    id: Id,
    /** What people call it, where that is not the id. */
    number: z.exactOptional(z.string().nullable()),
    customerId: z.exactOptional(Id.nullable()),
    /** What the customer is to pay in all, tax included. */
    total: z.exactOptional(Money.nullable()),
    tax: z.exactOptional(Money.nullable()),
    /** Still to be paid. */
    balance: z.exactOptional(Money.nullable()),
    issuedDay: z.exactOptional(LocalDay.nullable()),
    dueDay: z.exactOptional(LocalDay.nullable()),
    /** For the people of the company alone. */
    note: z.exactOptional(z.string().nullable()),
    createdAt: Instant,
    updatedAt: z.exactOptional(Instant),
    extra: Extra,
  }),
);

export type Invoice = z.infer<typeof invoice.schema>;
