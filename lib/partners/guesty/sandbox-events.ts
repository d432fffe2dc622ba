import { Webhook } from "standardwebhooks";
import type { ObjectStore } from "../../local/sandbox/object-store.ts";
import type { SignatureInput } from "../../local/sandbox/webhook-sender.ts";
import { settingsOf } from "./sandbox-accounts.ts";
import type { Resource } from "./sandbox-resources.ts";
import type { State } from "./sandbox-things.ts";

/** One thing that has become what `state` says. */
export interface Happened {
  readonly type: "create" | "update" | "delete";
  readonly resource: Resource;
  readonly state: Readonly<State>;
}

/** open-api-docs.guesty.com/docs/webhooks-listings and /docs/webhooks-guests. */
const listingEvents = { create: "listing.new", update: "listing.updated", delete: "listing.removed" } as const;
const guestEvents = { create: "guest.created", update: "guest.updated", delete: "guest.deleted" } as const;

/** What Guesty tells of it. Reservations' events are lean: open-api-docs.guesty.com/docs/reservation-webhooks-migration-guide */
export function eventOf(
  { type, resource, state }: Happened,
  messageId: string,
  nowMs: number,
): { readonly event: string } & State {
  switch (resource.type) {
    case "reservation":
      return {
        event: type === "create" ? "reservation.created.v2" : "reservation.updated.v2",
        data: { reservation: leanStay(state) },
        "sub-type": type === "create" ? "created" : "status",
        publishedAt: new Date(nowMs).toISOString(),
      };
    case "listing":
      return {
        event: listingEvents[type],
        listing: type === "delete" ? { _id: state["_id"] } : state,
        meta: { eventId: messageId.replace("msg_", "evt_"), messageId },
      };
    case "guest":
      return { event: guestEvents[type], guest: state, by: "host@example.com" };
  }
}

function leanStay(state: Readonly<State>): State {
  const { _id, status, listingId, guestId, checkInDateLocalized, checkOutDateLocalized } = state;
  return { id: _id, status, listingId, guestId, checkInDateLocalized, checkOutDateLocalized };
}

/** What a forger signs with: a secret of the right form that nobody was given. */
const forgedSecret = `whsec_${Buffer.from("nobody was ever given this secret").toString("base64")}`;

/** Signed by the package of Standard Webhooks under Svix' names of headers; the id is the same for every attempt. */
export function signatureHeaders(objects: ObjectStore, input: SignatureInput): Readonly<Record<string, string>> {
  const settings = settingsOf(objects, input.account);
  const secret = input.secretIsWrong || settings === null ? forgedSecret : settings.webhookSecret;
  return {
    "svix-id": input.eventId,
    "svix-timestamp": String(Math.floor(input.atMs / 1_000)),
    "svix-signature": new Webhook(secret).sign(input.eventId, new Date(input.atMs), input.body),
  };
}
