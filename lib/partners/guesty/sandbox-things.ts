import { createRandom } from "../../local/sandbox/random.ts";
import type { Random } from "../../local/sandbox/random.ts";
import { guestyId } from "./sandbox-ids.ts";

export type State = Record<string, unknown>;

/** How many there are or will be, so that reservations can name listings and guests. */
export interface Counts {
  readonly listings: number;
  readonly guests: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Fixed offsets keep the arithmetic of local days in sight; the names are the IANA database's, without summer time. */
const places = [
  { city: "Reykjavik", country: "Iceland", timezone: "Atlantic/Reykjavik", offsetHours: 0, currency: "ISK" },
  { city: "Tokyo", country: "Japan", timezone: "Asia/Tokyo", offsetHours: 9, currency: "JPY" },
  { city: "Phoenix", country: "United States", timezone: "America/Phoenix", offsetHours: -7, currency: "USD" },
  { city: "Lagos", country: "Nigeria", timezone: "Africa/Lagos", offsetHours: 1, currency: "EUR" },
] as const;

/** A listing of Guesty's shape; which fields the real one adds by default is not documented. */
export function listingAt(account: string, index: number, createdAtMs: number): State {
  const random = createRandom(`${account} listing ${index}`);
  const place = pick(random, places);
  const createdAt = new Date(createdAtMs).toISOString();
  return {
    _id: guestyId("listing", account, index),
    accountId: account,
    title: `Example stay ${index + 1}`,
    nickname: random() < 0.8 ? `Home ${index + 1}` : null,
    type: random() < 0.9 ? "SINGLE" : "MTL",
    active: random() < 0.95,
    isListed: random() < 0.9,
    accommodates: 1 + Math.floor(random() * 8),
    bedrooms: 1 + Math.floor(random() * 4),
    bathrooms: 1 + Math.floor(random() * 4) / 2,
    timezone: place.timezone,
    defaultCheckInTime: "15:00",
    defaultCheckOutTime: "11:00",
    prices: { basePrice: amountIn(random, place.currency), currency: place.currency, cleaningFee: 75.5 },
    address: {
      full: `${index + 1} Example Street, ${place.city}, ${place.country}`,
      street: `${index + 1} Example Street`,
      city: place.city,
      state: null,
      zipcode: random() < 0.7 ? String(10_000 + index) : null,
      country: place.country,
      lat: Math.round((random() * 160 - 80) * 1e5) / 1e5,
      lng: Math.round((random() * 320 - 160) * 1e5) / 1e5,
    },
    tags: random() < 0.3 ? ["sea"] : [],
    wifiPassword: "example-of-what-nobody-should-ask-for",
    createdAt,
    lastUpdatedAt: createdAt,
  };
}

const statuses = ["confirmed", "confirmed", "confirmed", "inquiry", "reserved", "canceled", "closed"] as const;
const sources = ["manual", "airbnb2", "Booking.com", "website"] as const;

/** A reservation of Guesty's shape: amounts are JSON numbers, and its days are the listing's. */
export function reservationAt(account: string, index: number, createdAtMs: number, counts: Counts): State {
  const random = createRandom(`${account} reservation ${index}`);
  const place = pick(random, places);
  const nights = 1 + Math.floor(random() * 10);
  const firstDayMs = Math.floor(createdAtMs / DAY_MS) * DAY_MS + (5 + Math.floor(random() * 60)) * DAY_MS;
  const hostPayout = amountIn(random, place.currency);
  const totalPaid = random() < 0.5 ? 0 : hostPayout;
  const adults = 1 + Math.floor(random() * 3);
  const children = Math.floor(random() * 2);
  const createdAt = new Date(createdAtMs).toISOString();
  return {
    _id: guestyId("reservation", account, index),
    accountId: account,
    confirmationCode: `GY-${guestyId("code", account, index).slice(0, 8)}`,
    status: pick(random, statuses),
    source: pick(random, sources),
    listingId: counts.listings === 0 ? null : guestyId("listing", account, Math.floor(random() * counts.listings)),
    guestId: counts.guests === 0 ? null : guestyId("guest", account, Math.floor(random() * counts.guests)),
    checkIn: localTime(firstDayMs, 15, place.offsetHours),
    checkOut: localTime(firstDayMs + nights * DAY_MS, 11, place.offsetHours),
    checkInDateLocalized: dayOf(firstDayMs),
    checkOutDateLocalized: dayOf(firstDayMs + nights * DAY_MS),
    plannedArrival: random() < 0.5 ? "16:00" : null,
    plannedDeparture: null,
    nightsCount: nights,
    guestsCount: adults + children,
    numberOfGuests: { numberOfAdults: adults, numberOfChildren: children, numberOfInfants: 0 },
    money: {
      currency: place.currency,
      hostPayout,
      totalPaid,
      balanceDue: hostPayout - totalPaid,
      fareAccommodation: hostPayout,
    },
    keyCode: "example-of-what-nobody-should-ask-for",
    createdAt,
    lastUpdatedAt: createdAt,
  };
}

function localTime(dayMs: number, hour: number, offsetHours: number): string {
  return new Date(dayMs + (hour - offsetHours) * HOUR_MS).toISOString();
}

function dayOf(dayMs: number): string {
  return new Date(dayMs).toISOString().slice(0, 10);
}

function amountIn(random: Random, currency: string): number {
  const cents = 5_000 + Math.floor(random() * 200_000);
  return currency === "JPY" || currency === "ISK" ? cents : cents / 100;
}

function pick<T>(random: Random, from: readonly T[]): T {
  const picked = from[Math.floor(random() * from.length)];
  if (picked === undefined) throw new Error("There is nothing to pick from");
  return picked;
}
