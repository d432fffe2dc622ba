import * as z from "zod";
import { Address, Extra, Id, Instant } from "./common.ts";
import { defineModel } from "./model.ts";

/** Somebody who buys. A null means that the partner says "none"; a missing field, that it does not say; an empty text is one. */
export const customer = defineModel(
  "customer",
  1,
  z.strictObject({
    id: Id,
    name: z.exactOptional(z.string().nullable()),
    email: z.exactOptional(z.string().nullable()),
    phone: z.exactOptional(z.string().nullable()),
    address: z.exactOptional(Address.nullable()),
    description: z.exactOptional(z.string().nullable()),
    /** Kept, not done business with any more. */
    archived: z.exactOptional(z.boolean()),
    createdAt: Instant,
    updatedAt: z.exactOptional(Instant),
    extra: Extra,
  }),
);

export type Customer = z.infer<typeof customer.schema>;
