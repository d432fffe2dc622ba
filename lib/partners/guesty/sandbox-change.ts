import * as z from "zod";
import { controlError } from "../../local/sandbox/controls.ts";
import type { Reply, SandboxContext } from "../../local/sandbox/definition.ts";
import type { Delivery, Put, Reference } from "../../local/sandbox/journal-entry.ts";
import type { StoredObject } from "../../local/sandbox/object-store.ts";
import { planDeliveries, WebhookOptions } from "../../local/sandbox/webhook-tricks.ts";
import { settingsOf } from "./sandbox-accounts.ts";
import { eventOf } from "./sandbox-events.ts";
import type { Happened } from "./sandbox-events.ts";
import { guestAt } from "./sandbox-guests.ts";
import { guestyId } from "./sandbox-ids.ts";
import { guests, listings, reservations } from "./sandbox-resources.ts";
import type { Resource } from "./sandbox-resources.ts";
import { listingAt, reservationAt } from "./sandbox-things.ts";
import type { State } from "./sandbox-things.ts";

/** The body of `POST /__sandbox/change`. */
export const ChangeRequest = z.strictObject({
  /** Needed when there are several accounts. */
  clientId: z.string().optional(),
  /** In turn, when none is named. Reservations are never deleted. */
  resource: z.enum(["reservations", "listings", "guests"]).optional(),
  type: z.enum(["create", "update", "delete"]),
  count: z.int().min(1).max(1_000).default(1),
  ids: z.array(z.string()).min(1).max(1_000).optional(),
  /** No webhook: what only the next import finds. */
  silent: z.boolean().default(false),
  webhooks: WebhookOptions.default(WebhookOptions.parse({})),
});
export type ChangeRequest = z.infer<typeof ChangeRequest>;

const byName = { reservations, listings, guests };
/** One object for each event told so far, by which events are numbered. */
export const messageType = "_message";

interface MadeEvent {
  readonly id: string;
  readonly type: string;
  readonly object: Reference;
  readonly deliveries: number;
}

/** Makes, changes or deletes things, one after another, and tells of it by webhook. */
export function changeThings(context: SandboxContext, account: string, asked: ChangeRequest): Reply {
  const events: MadeEvent[] = [];
  const objects: Reference[] = [];
  const pools = new Map<Resource, StoredObject[]>();
  const count = asked.ids?.length ?? asked.count;
  for (let index = 0; index < count; index += 1) {
    const happened = happen(context, account, asked, index, pools);
    if (happened === null)
      return controlError(409, `Only ${index} of ${count} could be done: nothing suitable is left`);
    const event = commit(context, account, happened, asked, index);
    events.push(event);
    objects.push(event.object);
  }
  return { status: 200, body: { events, objects } };
}

function happen(
  context: SandboxContext,
  account: string,
  asked: ChangeRequest,
  index: number,
  pools: Map<Resource, StoredObject[]>,
): Happened | null {
  const resource = resourceFor(asked, index);
  if (resource === null) return null;
  if (asked.type === "create") return { type: "create", resource, state: create(context, account, resource) };
  const id = asked.ids?.[index];
  const object = id === undefined ? draw(context, account, resource, pools) : liveOne(context, account, resource, id);
  if (object === null) return null;
  const state = asked.type === "delete" ? object.state : update(context, object);
  return { type: asked.type, resource, state };
}

function resourceFor(asked: ChangeRequest, index: number): Resource | null {
  if (asked.resource !== undefined) {
    return asked.type === "delete" && asked.resource === "reservations" ? null : byName[asked.resource];
  }
  const inTurn = asked.type === "delete" ? [listings, guests] : [reservations, listings, guests];
  return inTurn[index % inTurn.length] ?? null;
}

function liveOne(context: SandboxContext, account: string, resource: Resource, id: string): StoredObject | null {
  const object = context.objects.get(account, resource.type, id);
  return object === null || object.deleted ? null : object;
}

/** A live object by chance, none twice before all had their turn. */
function draw(
  context: SandboxContext,
  account: string,
  resource: Resource,
  pools: Map<Resource, StoredObject[]>,
): StoredObject | null {
  const left = pools.get(resource) ?? [];
  const pool =
    left.length > 0 ? left : context.objects.list(account, resource.type).filter((object) => !object.deleted);
  pools.set(resource, pool);
  const [drawn] = pool.splice(Math.floor(context.random() * pool.length), 1);
  return drawn === undefined ? null : liveOne(context, account, resource, drawn.id);
}

function create(context: SandboxContext, account: string, resource: Resource): State {
  const { objects, clock } = context;
  const index = objects.created(account, resource.type);
  const nowMs = Math.floor(clock.nowMs());
  if (resource === guests) return guestAt(account, index);
  if (resource === listings) return listingAt(account, index, nowMs);
  const counts = { listings: objects.created(account, listings.type), guests: objects.created(account, guests.type) };
  return reservationAt(account, index, nowMs, counts);
}

/** Each change moves a field that a driver has no reason to leave out, and the time of the last one where there is such a time. */
function update(context: SandboxContext, object: StoredObject): State {
  const revision = object.revision + 1;
  const { state } = object;
  if (object.type === "guest") return { ...state, notes: `Changed, revision ${revision}` };
  const lastUpdatedAt = laterThan(state["lastUpdatedAt"], context.clock.nowMs());
  if (object.type === "listing") return { ...state, tags: [`revision-${revision}`], lastUpdatedAt };
  // Cancelling is a status; every fifth change is one.
  const status = revision % 5 === 0 ? "canceled" : "confirmed";
  const minute = String(revision % 60).padStart(2, "0");
  return { ...state, status, plannedArrival: `17:${minute}`, lastUpdatedAt };
}

/** Two changes of one thing never have the same time. */
function laterThan(before: unknown, nowMs: number): string {
  const earliestMs = typeof before === "string" ? Date.parse(before) + 1 : 0;
  return new Date(Math.max(Math.floor(nowMs), earliestMs)).toISOString();
}

/** The thing, its event and its webhooks become true together. */
function commit(
  context: SandboxContext,
  account: string,
  happened: Happened,
  asked: ChangeRequest,
  eventsBefore: number,
): MadeEvent {
  const { objects } = context;
  const nowMs = context.clock.nowMs();
  const { type } = happened.resource;
  const id = String(happened.state["_id"]);
  const object: Reference = [type, id, objects.nextRevision(account, type, id)];
  const messageId = `msg_${guestyId("message", account, objects.created(account, messageType))}`;
  const event = eventOf(happened, messageId, nowMs);
  const url = settingsOf(objects, account)?.webhookUrl ?? null;
  const outgoing = { account, endpoint: "webhook", eventId: messageId, object, body: JSON.stringify(event) };
  const deliveries: readonly Delivery[] =
    url === null || asked.silent ? [] : planDeliveries({ ...outgoing, url }, eventsBefore, asked.webhooks, nowMs);
  const deleted = happened.type === "delete";
  const puts: Put[] = [
    { type, id, revision: object[2], deleted, state: happened.state, about: null },
    { type: messageType, id: messageId, revision: 1, deleted: false, state: {}, about: object },
  ];
  context.record({
    kind: "change",
    atMs: nowMs,
    account,
    puts,
    deliveries: [...deliveries],
    saved: null,
    write: null,
  });
  return { id: messageId, type: event.event, object, deliveries: deliveries.length };
}
