import * as z from "zod";
import { definePartner, resource, webhook } from "../../engine/define-partner.ts";
import type { Increment } from "../../engine/define-partner.ts";
import { concurrency, slidingWindow } from "../../engine/gate/limit-declarations.ts";
import { offsetPages } from "../../engine/pages/offset.ts";
import { standardWebhooks } from "../../engine/signatures/standard-webhooks.ts";
import { instantFromMs } from "../../models/common.ts";
import { guest } from "../../models/guest.ts";
import { property } from "../../models/property.ts";
import { reservation } from "../../models/reservation.ts";
import { dedupeKeyOf, touchesOf, WebhookEvent } from "./events.ts";
import type { GuestyResource } from "./events.ts";
import { guestIdOf, toGuest, toProperty, toReservation } from "./map.ts";
import { Guest, Listing, Reservation } from "./schemas.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** https://open-api-docs.guesty.com/docs/how-to-search-for-reservations: at most 100 a page. */
const pages = offsetPages({
  items: "results",
  total: "count",
  skip: "skip",
  limit: { parameter: "limit", size: 100 },
});

/** The same fields in lists and alone, or a thing would change with the way it was read; and no more of people than is used. */
const reservationFields = [
  "_id confirmationCode status source listingId guestId accountId",
  "checkIn checkOut checkInDateLocalized checkOutDateLocalized plannedArrival plannedDeparture",
  "nightsCount guestsCount numberOfGuests money createdAt lastUpdatedAt",
].join(" ");
const listingFields = [
  "_id title nickname type active isListed accommodates bedrooms bathrooms timezone",
  "defaultCheckInTime defaultCheckOutTime prices address tags createdAt lastUpdatedAt",
].join(" ");

/** Guests have two vocabularies: https://open-api-docs.guesty.com/docs/fields-for-guest-reports */
const guestCommon = "firstName lastName fullName tags notes goodToKnowNotes preferredLanguage";
const guestColumns = `id ${guestCommon} guestEmail guestOtherEmails guestPhone guestOtherPhones`;
const guestFields = `_id ${guestCommon} email emails phone phones`;

/** Changes since a moment; the overlap is for what becomes readable a little after its own time. */
const changedSince: Increment = {
  kind: "filter",
  overlapMs: 5 * minuteMs,
  query: (sinceMs) => ({
    filters: JSON.stringify([{ field: "lastUpdatedAt", operator: "$gte", value: instantFromMs(Math.max(0, sinceMs)) }]),
  }),
};

/** By a key that never changes, so that nothing moves between pages while they are walked. */
const stableOrder = { sort: "_id" };

export const guesty = definePartner<GuestyResource>({
  name: "guesty",
  title: "Guesty",
  docs: "https://open-api-docs.guesty.com/docs/getting-started",
  module: import.meta.url,
  baseUrl: "https://open-api.guesty.com/v1",
  auth: {
    kind: "client-credentials",
    tokenUrl: "https://open-api.guesty.com/oauth2/token",
    parameters: { scope: "open-api" },
    // https://open-api-docs.guesty.com/docs/authentication: at most five for one key in 24 hours, each good for 24 hours.
    tokensPerDay: 5,
    credential: z.strictObject({
      clientId: z.string().regex(/^[A-Za-z0-9_-]{8,200}$/),
      clientSecret: z.string().regex(/^[\x21-\x7e]{16,500}$/),
    }),
  },
  // https://open-api-docs.guesty.com/docs/rate-limits: one quota for all tokens of an account.
  limits: [
    slidingWindow({ per: "account", requests: 15, perMs: 1_000 }),
    slidingWindow({ per: "account", requests: 120, perMs: minuteMs }),
    slidingWindow({ per: "account", requests: 5_000, perMs: hourMs }),
    concurrency({ per: "account", calls: 15 }),
  ],
  // The same page: `X-RateLimit-Remaining-Second`, `-Minute` and `-Hour` in every answer, `Retry-after` in a refusal.
  hints: ["retry-after", "x-rate-limit"],
  webhook: webhook({
    verify: standardWebhooks("svix"),
    schema: WebhookEvent,
    dedupeKey: dedupeKeyOf,
    touches: touchesOf,
  }),
  // Nowhere a `version`: nothing says that `lastUpdatedAt` moves with every field, so the time of a fetch orders states.
  resources: {
    reservations: resource({
      model: reservation,
      path: "/reservations",
      page: pages,
      query: { ...stableOrder, fields: reservationFields },
      onePath: (id) => `/reservations/${id}`,
      oneQuery: { fields: reservationFields },
      everyMs: 5 * minuteMs,
      fullEveryMs: dayMs,
      increment: changedSince,
      schema: Reservation,
      id: (raw) => raw._id,
      toRecord: toReservation,
    }),
    listings: resource({
      model: property,
      path: "/listings",
      page: pages,
      query: { ...stableOrder, fields: listingFields },
      onePath: (id) => `/listings/${id}`,
      oneQuery: { fields: listingFields },
      everyMs: 15 * minuteMs,
      fullEveryMs: dayMs,
      increment: changedSince,
      schema: Listing,
      id: (raw) => raw._id,
      toRecord: toProperty,
    }),
    guests: resource({
      model: guest,
      path: "/guests-crud",
      page: pages,
      query: { columns: guestColumns },
      onePath: (id) => `/guests-crud/${id}`,
      oneQuery: { fields: guestFields },
      everyMs: 12 * hourMs,
      fullEveryMs: 12 * hourMs,
      // No time of a guest's change is documented: webhooks bring changes, and a full pass what they missed.
      increment: null,
      schema: Guest,
      id: guestIdOf,
      toRecord: toGuest,
    }),
  },
});
