import * as z from "zod";
import { Extra, Id, Instant, LocalDay, Money } from "./common.ts";
import { defineModel } from "./model.ts";

/** A stay that somebody asks for or has booked. A null means that the partner says "none"; a missing field, that it does not say. */
export const reservation = defineModel(
  "reservation",
  1,
  z.strictObject({
    id: Id,
    /** What people quote to one another. */
    confirmationCode: z.exactOptional(z.string().nullable()),
    /** `inquiry`: a question; `pending`: held, not firm yet; `unknown`: a status that we have no word for. */
    status: z.enum([
      "inquiry",
      "pending",
      "confirmed",
      "checkedIn",
      "checkedOut",
      "cancelled",
      "declined",
      "expired",
      "closed",
      "unknown",
    ]),
    partnerStatus: z.string(),
    propertyId: z.exactOptional(Id.nullable()),
    guestId: z.exactOptional(Id.nullable()),
    /** Where it was booked, in the partner's own word. */
    channel: z.exactOptional(z.string().nullable()),
    checkInAt: z.exactOptional(Instant.nullable()),
    checkOutAt: z.exactOptional(Instant.nullable()),
    /** Days on the property's own calendar: nights are counted by these. */
    checkInDay: z.exactOptional(LocalDay.nullable()),
    checkOutDay: z.exactOptional(LocalDay.nullable()),
    nights: z.exactOptional(z.int().min(0).nullable()),
    guests: z.exactOptional(
      z
        .strictObject({
          total: z.exactOptional(z.int().min(0).nullable()),
          adults: z.exactOptional(z.int().min(0).nullable()),
          children: z.exactOptional(z.int().min(0).nullable()),
          infants: z.exactOptional(z.int().min(0).nullable()),
        })
        .nullable(),
    ),
    /** What the host gets for the stay. */
    payout: z.exactOptional(Money.nullable()),
    paid: z.exactOptional(Money.nullable()),
    due: z.exactOptional(Money.nullable()),
    createdAt: z.exactOptional(Instant.nullable()),
    updatedAt: z.exactOptional(Instant.nullable()),
    extra: Extra,
  }),
);

export type Reservation = z.infer<typeof reservation.schema>;
