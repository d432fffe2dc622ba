import * as z from "zod";

/**
 * What Guesty sends, as far as it is read here; every other field is kept as it came. Fields that nothing promises may be
 * missing or null: which ones come depends on the way of asking. https://open-api-docs.guesty.com/docs/how-to-search-for-reservations
 */
const Id = z.string().min(1).max(255);
const Text = z.exactOptional(z.string().nullable());
const Texts = z.exactOptional(z.array(z.string()).nullable());
const Reference = z.exactOptional(Id.nullable());
const Flag = z.exactOptional(z.boolean().nullable());
const Moment = z.exactOptional(z.iso.datetime({ offset: true }).nullable());
const Day = z.exactOptional(z.iso.date().nullable());
const Count = z.exactOptional(z.int().min(0).nullable());
const Degrees = z.exactOptional(z.number().nullable());
/** Amounts are JSON numbers in the currency's own unit. */
const Amount = z.exactOptional(z.number().nullable());

export const Reservation = z.looseObject({
  _id: Id,
  status: z.string().min(1),
  confirmationCode: Text,
  source: Text,
  listingId: Reference,
  guestId: Reference,
  checkIn: Moment,
  checkOut: Moment,
  checkInDateLocalized: Day,
  checkOutDateLocalized: Day,
  nightsCount: Count,
  guestsCount: Count,
  numberOfGuests: z.exactOptional(
    z.looseObject({ numberOfAdults: Count, numberOfChildren: Count, numberOfInfants: Count }).nullable(),
  ),
  money: z.exactOptional(
    z.looseObject({ currency: Text, hostPayout: Amount, totalPaid: Amount, balanceDue: Amount }).nullable(),
  ),
  createdAt: Moment,
  lastUpdatedAt: Moment,
});

export const Listing = z.looseObject({
  _id: Id,
  title: Text,
  nickname: Text,
  active: Flag,
  isListed: Flag,
  accommodates: Count,
  timezone: Text,
  defaultCheckInTime: Text,
  defaultCheckOutTime: Text,
  prices: z.exactOptional(z.looseObject({ basePrice: Amount, currency: Text }).nullable()),
  address: z.exactOptional(
    z
      .looseObject({ street: Text, city: Text, state: Text, zipcode: Text, country: Text, lat: Degrees, lng: Degrees })
      .nullable(),
  ),
  createdAt: Moment,
  lastUpdatedAt: Moment,
});

/** The list tells of guests in the columns of reports, a single GET as they are stored: https://open-api-docs.guesty.com/docs/fields-for-guest-reports */
export const Guest = z
  .looseObject({
    _id: z.exactOptional(Id),
    id: z.exactOptional(Id),
    firstName: Text,
    lastName: Text,
    fullName: Text,
    preferredLanguage: Text,
    email: Text,
    emails: Texts,
    phone: Text,
    phones: Texts,
    guestEmail: Text,
    guestOtherEmails: Texts,
    guestPhone: Text,
    guestOtherPhones: Texts,
  })
  .refine(({ _id, id }) => _id !== undefined || id !== undefined, { path: ["id"], error: "neither _id nor id" });
