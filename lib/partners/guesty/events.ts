import * as z from "zod";
import { digestOf } from "../../engine/canonical.ts";

export type GuestyResource = "reservations" | "listings" | "guests";

/** https://open-api-docs.guesty.com/docs/webhooks; those not named here touch nothing that is kept. */
const followed: ReadonlyMap<string, GuestyResource> = new Map([
  ["reservation.created.v2", "reservations"],
  ["reservation.updated.v2", "reservations"],
  // Until the end of 2026: https://open-api-docs.guesty.com/docs/reservation-webhooks-migration-guide
  ["reservation.new", "reservations"],
  ["reservation.updated", "reservations"],
  ["reservation_update_shortlist", "reservations"],
  ["listing.new", "listings"],
  ["listing.updated", "listings"],
  ["listing.removed", "listings"],
  ["guest.created", "guests"],
  ["guest.updated", "guests"],
  ["guest.deleted", "guests"],
]);

const Id = z.string().min(1).max(255);
const Reference = z.exactOptional(Id.nullable());
const Named = z.exactOptional(z.looseObject({ _id: z.exactOptional(Id), id: z.exactOptional(Id) }).nullable());

const EventFields = z.looseObject({
  event: z.exactOptional(z.string().min(1)),
  /** Where some say that version 2 keeps the name. */
  eventType: z.exactOptional(z.string().min(1)),
  data: z.exactOptional(z.looseObject({ reservation: Named }).nullable()),
  reservation: Named,
  reservationId: Reference,
  listing: Named,
  listingId: Reference,
  guest: Named,
  guestId: Reference,
  meta: z.exactOptional(z.looseObject({ eventId: z.exactOptional(z.string().min(1).max(200)) }).nullable()),
});
type EventFields = z.infer<typeof EventFields>;

/** An event that we follow and that names nothing is a failure: ignored in silence, its change would be missed. */
export const WebhookEvent = EventFields.refine(
  (event) => {
    const resource = resourceOfEvent(event);
    return resource === null || namedIn(event, resource) !== null;
  },
  { error: "an event that names no reservation, listing or guest" },
).refine((event) => event.event !== undefined || event.eventType !== undefined, {
  path: ["event"],
  error: "an event without a name",
});

/**
 * What an event says has changed; it is fetched again, whatever the event carries: events come in any order, and those of
 * version 2 carry no money. `listing.removed` and `guest.deleted` are read the same way: a 404 says that the thing is gone.
 */
export function touchesOf(
  event: EventFields,
): readonly { readonly resource: GuestyResource; readonly externalId: string }[] {
  const resource = resourceOfEvent(event);
  const externalId = resource === null ? null : namedIn(event, resource);
  return resource === null || externalId === null ? [] : [{ resource, externalId }];
}

/** Only listings' events carry an id of their own; of the others the content tells one from the next. */
export function dedupeKeyOf(event: EventFields): string {
  return event.meta?.eventId ?? digestOf(event);
}

function resourceOfEvent(event: Pick<EventFields, "event" | "eventType">): GuestyResource | null {
  return followed.get(event.event ?? event.eventType ?? "") ?? null;
}

/** The id of the thing that an event is about, in whichever of its forms. */
function namedIn(event: EventFields, resource: GuestyResource): string | null {
  switch (resource) {
    case "reservations":
      return idOf(event.data?.reservation) ?? idOf(event.reservation) ?? event.reservationId ?? null;
    case "listings":
      return idOf(event.listing) ?? event.listingId ?? null;
    case "guests":
      return idOf(event.guest) ?? event.guestId ?? null;
  }
}

function idOf(thing: EventFields["guest"]): string | null {
  return thing?._id ?? thing?.id ?? null;
}
