import * as z from "zod";
import { Extra, Id, Instant, Money } from "./common.ts";
import { Decimal } from "./decimal.ts";
import { defineModel } from "./model.ts";

/** Something that is sold. A null means that the partner says "none"; a missing field, that it does not say. */
export const product = defineModel(
  "product",
  1,
  z.strictObject({
    id: Id,
    name: z.string(),
    sku: z.exactOptional(z.string().nullable()),
    description: z.exactOptional(z.string().nullable()),
    /**
     * `available`: can be ordered, be it as a sample or on back-order; `unavailable`: cannot at present; `archived`: kept, not
     * sold any more; `unknown`: a status that we have no word for.
     */
    status: z.enum(["available", "unavailable", "archived", "unknown"]),
    partnerStatus: z.string(),
    /** What a business pays, and what it is advised to ask of its own customers. */
    wholesalePrice: z.exactOptional(Money.nullable()),
    retailPrice: z.exactOptional(Money.nullable()),
    /** What the prices and quantities count, in the partner's own word. */
    unit: z.exactOptional(z.string().nullable()),
    /** In stock, what of it orders have taken, and what is left for new ones. */
    quantity: z.exactOptional(Decimal.nullable()),
    quantityReserved: z.exactOptional(Decimal.nullable()),
    quantityAvailable: z.exactOptional(Decimal.nullable()),
    /** The product that this one is a variety of. */
    parentId: z.exactOptional(Id.nullable()),
    createdAt: z.exactOptional(Instant),
    updatedAt: z.exactOptional(Instant),
    extra: Extra,
  }),
);

export type Product = z.infer<typeof product.schema>;
