import * as z from "zod";
import { controlError } from "../../local/sandbox/controls.ts";
import type { Reply, SandboxContext } from "../../local/sandbox/definition.ts";
import type { Reference } from "../../local/sandbox/journal-entry.ts";
import type { StoredObject } from "../../local/sandbox/object-store.ts";
import { WebhookOptions } from "../../local/sandbox/webhook-tricks.ts";
import { TestKey } from "./sandbox-accounts.ts";
import { Change, type MadeEvent } from "./sandbox-change.ts";
import { chargeAt, chargeOfIntent, customerAt, Intent, paymentIntentAt, type State } from "./sandbox-objects.ts";
import { ChargeMoney, refundWithin } from "./sandbox-refunds.ts";
import { charges, customers, paymentIntents, type Resource } from "./sandbox-resources.ts";

/** The body of `POST /__sandbox/change`. */
export const ChangeRequest = z.strictObject({
  /** Needed when there are several accounts. */
  key: TestKey.optional(),
  /** In turn, when none is named; deletions are of customers. */
  resource: z.enum(["charges", "payment_intents", "customers"]).optional(),
  type: z.enum(["create", "update", "delete"]),
  count: z.int().min(1).max(1_000).default(1),
  ids: z.array(z.string()).min(1).max(1_000).optional(),
  /** Neither event nor webhook: what only a full pass finds. */
  silent: z.boolean().default(false),
  webhooks: WebhookOptions.default(WebhookOptions.parse({})),
});
export type ChangeRequest = z.infer<typeof ChangeRequest>;

const inTurn: readonly [Resource, ...Resource[]] = [charges, paymentIntents, customers];

/** Something that happens to an account on request, one object a change. */
interface Happening {
  readonly context: SandboxContext;
  readonly account: string;
  readonly change: Change;
}

/** Makes objects, changes or deletes some, and answers with the events of it. */
export function changeObjects(context: SandboxContext, account: string, asked: ChangeRequest): Reply {
  const unknown = asked.ids?.find((id) => resourceOf(context, account, id) === null);
  if (unknown !== undefined) return controlError(404, `The account has no live object ${unknown}`);
  const events: MadeEvent[] = [];
  const objects: Reference[] = [];
  const pools = new Map<Resource, StoredObject[]>();
  const count = asked.ids?.length ?? asked.count;
  for (let index = 0; index < count; index += 1) {
    const options = { webhooks: asked.webhooks, eventsBefore: events.length, silent: asked.silent, request: null };
    const happening = { context, account, change: new Change(context, account, options) };
    const reference = changeOne(happening, asked, index, pools);
    if (reference === null) {
      return {
        status: 409,
        body: { error: `Only ${index} of ${count} could be done: no suitable object is left`, events, objects },
      };
    }
    happening.change.commit();
    events.push(...happening.change.events);
    objects.push(reference);
  }
  return { status: 200, body: { events, objects } };
}

function changeOne(
  happening: Happening,
  asked: ChangeRequest,
  index: number,
  pools: Map<Resource, StoredObject[]>,
): Reference | null {
  const { context, account } = happening;
  const id = asked.ids?.[index];
  if (id !== undefined) return changeKnown(happening, asked.type, resourceOf(context, account, id), id);
  const wanted = wantedResources(asked, index);
  if (asked.type === "create") return create(happening, wanted[0]);
  for (const resource of wanted) {
    const drawn = draw(happening, resource, asked.type, pools);
    if (drawn !== null) return changeKnown(happening, asked.type, resource, drawn);
  }
  return null;
}

function changeKnown(
  happening: Happening,
  type: ChangeRequest["type"],
  resource: Resource | null,
  id: string,
): Reference | null {
  const object = resource === null ? null : happening.context.objects.get(happening.account, resource.type, id);
  if (resource === null || object === null || object.deleted) return null;
  return type === "delete" ? remove(happening, resource, object) : update(happening, resource, object);
}

/** The resource whose turn it is; when none was named, the others stand in for one that has nothing left to change. */
function wantedResources(asked: ChangeRequest, index: number): readonly [Resource, ...Resource[]] {
  if (asked.type === "delete") return [customers];
  const named = inTurn.find((resource) => resource.path === `/v1/${asked.resource ?? ""}`);
  if (named !== undefined) return [named];
  const first = inTurn[index % inTurn.length] ?? charges;
  return [first, ...inTurn.filter((resource) => resource !== first)];
}

function resourceOf(context: SandboxContext, account: string, id: string): Resource | null {
  return inTurn.find((resource) => context.objects.get(account, resource.type, id)?.deleted === false) ?? null;
}

/** A live object by chance, none twice before all had their turn. */
function draw(
  happening: Happening,
  resource: Resource,
  type: ChangeRequest["type"],
  pools: Map<Resource, StoredObject[]>,
): string | null {
  const { context, account } = happening;
  const left = pools.get(resource) ?? [];
  const pool =
    left.length > 0 ? left : context.objects.list(account, resource.type).filter((object) => canChange(object, type));
  pools.set(resource, pool);
  const place = Math.floor(context.random() * pool.length);
  const [drawn] = pool.splice(place, 1);
  return drawn?.id ?? null;
}

function canChange(object: StoredObject, type: ChangeRequest["type"]): boolean {
  if (object.deleted) return false;
  return type === "delete" || object.type !== paymentIntents.type || isOpen(object.state["status"]);
}

function isOpen(status: unknown): boolean {
  return status === "requires_payment_method" || status === "requires_action";
}

function create(happening: Happening, resource: Resource): Reference {
  const { context, account, change } = happening;
  const index = context.objects.created(account, resource.type);
  const created = change.createdNow(resource.type);
  const counts = { customers: context.objects.created(account, customers.type), paymentIntents: 0, charges: 0 };
  const state = stateOf(resource, account, index, created, counts);
  const reference = change.put(resource.type, String(state["id"]), state);
  const happened = resource === charges ? String(state["status"]) : "created";
  change.emit(`${resource.type}.${happened}`, reference, state);
  return reference;
}

function stateOf(
  resource: Resource,
  account: string,
  index: number,
  created: number,
  counts: Parameters<typeof chargeAt>[3],
): State {
  if (resource === customers) return customerAt(account, index, created);
  return resource === charges
    ? chargeAt(account, index, created, counts)
    : paymentIntentAt(account, index, created, counts);
}

/** docs.stripe.com/api/events/types: the event shows the customer as it last was. */
function remove({ change }: Happening, resource: Resource, object: StoredObject): Reference | null {
  if (resource !== customers) return null;
  const reference = change.put(object.type, object.id, object.state, { deleted: true });
  change.emit("customer.deleted", reference, object.state);
  return reference;
}

function update(happening: Happening, resource: Resource, object: StoredObject): Reference | null {
  if (resource === paymentIntents) return stepIntent(happening, object);
  if (resource === charges) return updateCharge(happening, object);
  const revision = String(object.revision + 1);
  return edit(happening, object, { description: `Changed, revision ${revision}`, metadata: { revision } });
}

/** Every other time a part of it is refunded; Stripe's fields for people change otherwise. */
function updateCharge(happening: Happening, object: StoredObject): Reference {
  const { context, account, change } = happening;
  const charge = ChargeMoney.parse(object.state);
  const part = Math.floor((charge.amount_captured - charge.amount_refunded) / 4);
  // Three-decimal currencies are refunded in tens (docs.stripe.com/currencies).
  const amount = charge.currency === "kwd" ? part - (part % 10) : part;
  if (object.revision % 2 === 0 || amount < 1 || charge.status !== "succeeded") {
    const revision = String(object.revision + 1);
    return edit(happening, object, { description: `Changed, revision ${revision}`, metadata: { revision } });
  }
  refundWithin(context, account, change, charge, { amount, reason: "requested_by_customer", metadata: {} });
  return [object.type, object.id, object.revision + 1];
}

function edit({ change }: Happening, object: StoredObject, fields: State): Reference {
  const after = { ...object.state, ...fields };
  const reference = change.put(object.type, object.id, after);
  const previous = Object.fromEntries(Object.keys(fields).map((name) => [name, object.state[name] ?? null]));
  change.emit(`${object.type}.updated`, reference, after, previous);
  return reference;
}

/** A payment intent goes on: to an action of its payer, then to success with a charge (docs.stripe.com/payments/paymentintents/lifecycle). */
function stepIntent({ context, account, change }: Happening, object: StoredObject): Reference | null {
  const intent = Intent.parse(object.state);
  if (intent.status === "requires_payment_method") {
    const next = { type: "use_stripe_sdk", use_stripe_sdk: {} };
    const paymentMethod = intent.payment_method ?? "pm_card_authenticationRequired";
    const after = { ...object.state, status: "requires_action", next_action: next, payment_method: paymentMethod };
    const reference = change.put(object.type, object.id, after);
    change.emit("payment_intent.requires_action", reference, after);
    return reference;
  }
  if (intent.status !== "requires_action") return null;
  const created = change.createdNow(charges.type);
  const charge = chargeOfIntent(account, context.objects.created(account, charges.type), created, intent);
  const chargeReference = change.put(charges.type, String(charge["id"]), charge);
  const after = {
    ...object.state,
    status: "succeeded",
    next_action: null,
    amount_received: intent.amount,
    last_payment_error: null,
    latest_charge: charge["id"],
  };
  const reference = change.put(object.type, object.id, after);
  change.emit("charge.succeeded", chargeReference, charge);
  change.emit("payment_intent.succeeded", reference, after);
  return reference;
}
