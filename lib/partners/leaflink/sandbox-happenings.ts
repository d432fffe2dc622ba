import * as z from "zod";
import { controlError } from "../../local/sandbox/controls.ts";
import type { Reply, SandboxContext } from "../../local/sandbox/definition.ts";
import type { Reference } from "../../local/sandbox/journal-entry.ts";
import type { StoredObject } from "../../local/sandbox/object-store.ts";
import { WebhookOptions } from "../../local/sandbox/webhook-tricks.ts";
import { Change } from "./sandbox-change.ts";
import { ApiKey } from "./sandbox-companies.ts";
import { amountOf, customerAt, orderAt, productAt, totalCents, type State } from "./sandbox-objects.ts";
import { customers, orders, products, resources, type Resource } from "./sandbox-resources.ts";
import { inStatus, mayBecome, nextStatusOf } from "./sandbox-transitions.ts";

/** The body of `POST /__sandbox/change`. */
export const ChangeRequest = z.strictObject({
  /** Needed when there are several companies. */
  key: ApiKey.optional(),
  /** Orders and products in turn, when none is named: of customers no webhook tells. */
  resource: z.enum(["orders", "products", "customers"]).optional(),
  /** Nothing vanishes at LeafLink: `delete` cancels, rejects or combines orders and archives products and customers. */
  type: z.enum(["create", "update", "delete"]),
  count: z.int().min(1).max(1_000).default(1),
  ids: z.array(z.string()).min(1).max(1_000).optional(),
  webhooks: WebhookOptions.default(WebhookOptions.parse({})),
});
export type ChangeRequest = z.infer<typeof ChangeRequest>;

const toldByWebhook: readonly [Resource, ...Resource[]] = [orders, products];
const ends = ["Cancelled", "Rejected", "Combined"] as const;

/** Makes objects, changes or ends some, one object a change, and answers with them. */
export function changeObjects(context: SandboxContext, company: string, asked: ChangeRequest): Reply {
  const { forgeKinds } = asked.webhooks;
  // No time is signed, so a "stale" delivery would be a rightly signed one.
  const possible = forgeKinds.filter((kind) => kind !== "stale-timestamp");
  if (possible.length === 0) return controlError(400, "LeafLink signs no time: a stale timestamp cannot be forged");
  const webhooks = { ...asked.webhooks, forgeKinds: possible };
  const pools = new Map<Resource, StoredObject[]>();
  const objects: Reference[] = [];
  const count = asked.ids?.length ?? asked.count;
  for (let index = 0; index < count; index += 1) {
    const change = new Change(context, company, { webhooks, eventsBefore: index, write: null });
    const reference = changeOne({ context, company, change, pools }, asked, index);
    if (reference === null)
      return {
        status: 409,
        body: { error: `Only ${index} of ${count} could be done: nothing suitable is left`, objects },
      };
    objects.push(reference);
  }
  return { status: 200, body: { objects } };
}

interface Happening {
  readonly context: SandboxContext;
  readonly company: string;
  readonly change: Change;
  readonly pools: Map<Resource, StoredObject[]>;
}

function changeOne(happening: Happening, asked: ChangeRequest, index: number): Reference | null {
  const inTurn = toldByWebhook[index % toldByWebhook.length] ?? orders;
  const resource = resources.find(({ name }) => name === asked.resource) ?? inTurn;
  if (asked.type === "create") return create(happening, resource);
  const id = asked.ids?.[index];
  const object = id === undefined ? draw(happening, resource, asked.type) : find(happening, id);
  if (object === null) return null;
  return asked.type === "delete" ? end(happening, object, index) : update(happening, object);
}

function create({ context, company, change }: Happening, resource: Resource): Reference {
  const { objects } = context;
  const count = (type: string) => objects.created(company, type);
  const index = count(resource.type);
  const counts = { orders: index, products: count(products.type), customers: count(customers.type) };
  const state =
    resource === orders
      ? orderAt(company, index, change.micros, counts)
      : (resource === products ? productAt : customerAt)(company, index, change.micros);
  return change.commit(resource, idOf(state), state);
}

function update({ change }: Happening, object: StoredObject): Reference {
  const { state } = object;
  if (object.type === customers.type)
    return change.commit(customers, object.id, { ...state, notes: `Changed, revision ${object.revision + 1}` });
  if (object.type === products.type) return change.commit(products, object.id, restocked(object));
  const next = nextStatusOf(String(state["status"]));
  if (next === null || object.revision % 2 === 0) return change.commit(orders, object.id, reordered(object));
  return change.commit(orders, object.id, { ...state, ...inStatus(next, change.modified) });
}

function end({ change }: Happening, object: StoredObject, index: number): Reference {
  const { state } = object;
  if (object.type === customers.type) return change.commit(customers, object.id, { ...state, archived: true });
  if (object.type === products.type) {
    const archived = { listing_state: "Archived", display_listing_state: "Archived" };
    return change.commit(products, object.id, { ...state, ...archived });
  }
  // Orders end in any of three ways; every second change is an order.
  const status = ends[Math.floor(index / 2) % ends.length] ?? "Cancelled";
  return change.commit(orders, object.id, { ...state, ...inStatus(status, change.modified) });
}

/** One more of the first line, and a total that agrees. */
function reordered(object: StoredObject): State {
  const { state, revision } = object;
  const lines = z.array(z.record(z.string(), z.unknown())).parse(state["line_items"]);
  const changed = lines.map((line, place) =>
    place === 0 ? { ...line, quantity: (Number(line["quantity"]) + 1).toFixed(4) } : line,
  );
  const cents = totalCents(changed);
  const asText = revision % 3 === 0;
  return {
    ...state,
    line_items: changed,
    total: { amount: amountOf(cents, asText), currency: "USD" },
    payment_balance: amountOf(cents, !asText),
    internal_notes: `Changed, revision ${revision + 1}`,
  };
}

function restocked(object: StoredObject): State {
  const stock = Number(object.state["quantity"]) + object.revision;
  const asText = object.revision % 2 === 0;
  return { ...object.state, quantity: stock.toFixed(4), available_inventory: asText ? stock.toFixed(4) : stock };
}

function find({ context, company }: Happening, id: string): StoredObject | null {
  for (const { type } of resources) {
    const object = context.objects.get(company, type, id);
    if (object?.deleted === false) return object;
  }
  return null;
}

/** One by chance, none twice before all had their turn. */
function draw(
  { context, company, pools }: Happening,
  resource: Resource,
  type: "update" | "delete",
): StoredObject | null {
  const left = pools.get(resource) ?? [];
  const pool =
    left.length > 0 ? left : context.objects.list(company, resource.type).filter((one) => canChange(one, type));
  pools.set(resource, pool);
  const [drawn] = pool.splice(Math.floor(context.random() * pool.length), 1);
  return drawn === undefined ? null : context.objects.get(company, resource.type, drawn.id);
}

function canChange(object: StoredObject, type: "update" | "delete"): boolean {
  if (object.deleted || type === "update") return !object.deleted;
  if (object.type === orders.type) return mayBecome(String(object.state["status"]), "Cancelled");
  return object.state["listing_state"] !== "Archived" && object.state["archived"] !== true;
}

function idOf(state: State): string {
  return String(state["number"] ?? state["id"]);
}
