import type * as z from "zod";
import { extraOf, instantFromMs, present } from "../../models/common.ts";
import type { Money } from "../../models/common.ts";
import type { guest as guestModel } from "../../models/guest.ts";
import { moneyFromDecimal } from "../../models/decimal.ts";
import type { Property, property as propertyModel } from "../../models/property.ts";
import type { Reservation as ReservationRecord, reservation as reservationModel } from "../../models/reservation.ts";
import type { Guest, Listing, Reservation } from "./schemas.ts";

type RawReservation = z.infer<typeof Reservation>;
type RawListing = z.infer<typeof Listing>;
type RawGuest = z.infer<typeof Guest>;

/** @example toReservation(Reservation.parse(raw)).payout; // { amount: "812.40", currency: "USD" } */
export function toReservation(raw: RawReservation): z.input<typeof reservationModel.schema> {
  return present({
    id: raw._id,
    confirmationCode: raw.confirmationCode,
    status: statuses.get(raw.status) ?? ("unknown" as const),
    partnerStatus: raw.status,
    propertyId: raw.listingId,
    guestId: raw.guestId,
    channel: raw.source,
    checkInAt: instantOf(raw.checkIn),
    checkOutAt: instantOf(raw.checkOut),
    checkInDay: raw.checkInDateLocalized,
    checkOutDay: raw.checkOutDateLocalized,
    nights: raw.nightsCount,
    guests: guestsOf(raw),
    payout: moneyOf(raw.money?.hostPayout, raw.money?.currency),
    paid: moneyOf(raw.money?.totalPaid, raw.money?.currency),
    due: moneyOf(raw.money?.balanceDue, raw.money?.currency),
    createdAt: instantOf(raw.createdAt),
    updatedAt: instantOf(raw.lastUpdatedAt),
    extra: extraOf(raw, reservationFields),
  });
}

export function toProperty(raw: RawListing): z.input<typeof propertyModel.schema> {
  return present({
    id: raw._id,
    title: raw.title,
    name: raw.nickname,
    active: raw.active,
    listed: raw.isListed,
    capacity: raw.accommodates,
    timeZone: raw.timezone,
    checkInTime: clockTimeOf(raw.defaultCheckInTime),
    checkOutTime: clockTimeOf(raw.defaultCheckOutTime),
    address: addressOf(raw.address),
    location: locationOf(raw.address),
    basePrice: moneyOf(raw.prices?.basePrice, raw.prices?.currency),
    createdAt: instantOf(raw.createdAt),
    updatedAt: instantOf(raw.lastUpdatedAt),
    extra: extraOf(raw, listingFields),
  });
}

/** Both vocabularies come to the same record, or a guest would change with the way it was read. */
export function toGuest(raw: RawGuest): z.input<typeof guestModel.schema> {
  return present({
    id: guestIdOf(raw),
    name: raw.fullName,
    firstName: raw.firstName,
    lastName: raw.lastName,
    emails: listOf([raw.email, raw.guestEmail], [raw.emails, raw.guestOtherEmails]),
    phones: listOf([raw.phone, raw.guestPhone], [raw.phones, raw.guestOtherPhones]),
    language: raw.preferredLanguage,
    extra: extraOf(raw, guestFields),
  });
}

export function guestIdOf(raw: RawGuest): string {
  // The schema takes no guest without either.
  return raw._id ?? raw.id ?? "";
}

/** What the model holds in full; structures of which it holds a part stay in `extra` as they came. */
const stampFields = ["_id", "createdAt", "lastUpdatedAt"];
const reservationFields = [
  ...stampFields,
  "confirmationCode",
  "status",
  "source",
  "listingId",
  "guestId",
  "checkIn",
  "checkOut",
  "checkInDateLocalized",
  "checkOutDateLocalized",
  "nightsCount",
  "guestsCount",
];
const listingFields = [...stampFields, "title", "nickname", "active", "isListed", "accommodates", "timezone"];
const guestFields = [
  "_id",
  "id",
  "firstName",
  "lastName",
  "fullName",
  "preferredLanguage",
  "email",
  "emails",
  "phone",
  "phones",
  "guestEmail",
  "guestOtherEmails",
  "guestPhone",
  "guestOtherPhones",
];

/** https://open-api-docs.guesty.com/docs/how-to-search-for-reservations; a reservation is never removed, it is cancelled. */
const statuses: ReadonlyMap<string, ReservationRecord["status"]> = new Map([
  ["inquiry", "inquiry"],
  ["reserved", "pending"],
  ["awaiting_payment", "pending"],
  ["confirmed", "confirmed"],
  ["checked_in", "checkedIn"],
  ["checked_out", "checkedOut"],
  ["canceled", "cancelled"],
  ["declined", "declined"],
  ["expired", "expired"],
  ["closed", "closed"],
]);

type Maybe<Value> = Value | null | undefined;

function instantOf(moment: Maybe<string>): Maybe<string> {
  return typeof moment === "string" ? instantFromMs(Date.parse(moment)) : moment;
}

/** An amount that is no money, for want of a currency or of measure, stays where it was: in `extra`. */
function moneyOf(amount: Maybe<number>, currency: Maybe<string>): Maybe<Money> {
  if (typeof amount !== "number") return amount;
  return typeof currency === "string" ? (moneyFromDecimal(amount, currency) ?? undefined) : undefined;
}

function guestsOf(raw: RawReservation): ReservationRecord["guests"] | undefined {
  const party = present({
    total: raw.guestsCount,
    adults: raw.numberOfGuests?.numberOfAdults,
    children: raw.numberOfGuests?.numberOfChildren,
    infants: raw.numberOfGuests?.numberOfInfants,
  });
  return Object.keys(party).length === 0 ? undefined : party;
}

function clockTimeOf(text: Maybe<string>): Maybe<string> {
  if (typeof text !== "string") return text;
  return /^([01]\d|2[0-3]):[0-5]\d$/.test(text) ? text : undefined;
}

function addressOf(raw: RawListing["address"]): Property["address"] | undefined {
  if (raw === null || raw === undefined) return raw;
  const { street, city, state, zipcode, country } = raw;
  return present({ line1: street, city, region: state, postalCode: zipcode, country });
}

function locationOf(raw: RawListing["address"]): Property["location"] | undefined {
  const { lat, lng } = raw ?? {};
  if (typeof lat !== "number" || typeof lng !== "number") return undefined;
  return Math.abs(lat) <= 90 && Math.abs(lng) <= 180 ? { latitude: lat, longitude: lng } : undefined;
}

/** The main one first, each once; undefined when none of the fields came at all. */
function listOf(mains: readonly Maybe<string>[], lists: readonly Maybe<readonly string[]>[]): string[] | undefined {
  if ([...mains, ...lists].every((field) => field === undefined)) return undefined;
  const texts = [...mains.map((main) => main ?? ""), ...lists.flatMap((list) => list ?? [])];
  return [...new Set(texts)].filter((text) => text !== "");
}
