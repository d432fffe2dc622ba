import * as z from "zod";
import { Address, Extra, Id, Instant, Money } from "./common.ts";
import { defineModel } from "./model.ts";

/** `HH:MM` on the property's own clock. */
const ClockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);

/** Somewhere that can be stayed in. A null means that the partner says "none"; a missing field, that it does not say. */
export const property = defineModel(
  "property",
  1,
  z.strictObject({
    id: Id,
    /** What guests read. */
    title: z.exactOptional(z.string().nullable()),
    /** What its people call it. */
    name: z.exactOptional(z.string().nullable()),
    /** In use at all. */
    active: z.exactOptional(z.boolean().nullable()),
    /** Offered to guests. */
    listed: z.exactOptional(z.boolean().nullable()),
    /** How many people it takes. */
    capacity: z.exactOptional(z.int().min(0).nullable()),
    /** As in the IANA database: `Europe/Berlin`. */
    timeZone: z.exactOptional(z.string().nullable()),
    checkInTime: z.exactOptional(ClockTime.nullable()),
    checkOutTime: z.exactOptional(ClockTime.nullable()),
    address: z.exactOptional(Address.nullable()),
    location: z.exactOptional(
      z.strictObject({ latitude: z.number().min(-90).max(90), longitude: z.number().min(-180).max(180) }).nullable(),
    ),
    /** A night's price before anything is added or taken off. */
    basePrice: z.exactOptional(Money.nullable()),
    createdAt: z.exactOptional(Instant.nullable()),
    updatedAt: z.exactOptional(Instant.nullable()),
    extra: Extra,
  }),
);

export type Property = z.infer<typeof property.schema>;
