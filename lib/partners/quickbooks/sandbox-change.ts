import { createHmac } from "node:crypto";
import * as z from "zod";
import { controlError } from "../../local/sandbox/controls.ts";
import type { Reply, SandboxContext } from "../../local/sandbox/definition.ts";
import type { Delivery, Reference } from "../../local/sandbox/journal-entry.ts";
import type { StoredObject } from "../../local/sandbox/object-store.ts";
import type { SignatureInput } from "../../local/sandbox/webhook-sender.ts";
import { planDeliveries, WebhookOptions } from "../../local/sandbox/webhook-tricks.ts";
import { companyOf, RealmId } from "./sandbox-companies.ts";
import { changedAt, entities } from "./sandbox-objects.ts";
import type { Entity, State } from "./sandbox-objects.ts";

/** The body of `POST /__sandbox/change`. */
export const ChangeRequest = z.strictObject({
  /** Needed when there are several companies. */
  realmId: RealmId.optional(),
  /** All in turn, when none is named. */
  resource: z.enum(["customers", "invoices", "payments"]).optional(),
  /** Customers only become inactive; what is deleted of the others is gone. */
  type: z.enum(["create", "update", "delete"]),
  count: z.int().min(1).max(1_000).default(1),
  ids: z.array(z.string()).min(1).max(1_000).optional(),
  webhooks: WebhookOptions.default(WebhookOptions.parse({})),
});
export type ChangeRequest = z.infer<typeof ChangeRequest>;

/** Makes objects, changes or ends some, each with its webhook, and answers with them. */
export function changeCompany(context: SandboxContext, realmId: string, asked: ChangeRequest): Reply {
  // No time is signed, so a "stale" delivery would be a rightly signed one.
  const forgeKinds = asked.webhooks.forgeKinds.filter((kind) => kind !== "stale-timestamp");
  if (forgeKinds.length === 0) return controlError(400, "QuickBooks signs no time: a stale timestamp cannot be forged");
  const objects: Reference[] = [];
  const drawn = new Set<string>();
  const count = asked.ids?.length ?? asked.count;
  for (let index = 0; index < count; index += 1) {
    const inTurn = entities[index % entities.length] ?? entities[0];
    const entity = entities.find(({ type }) => `${type}s` === asked.resource) ?? inTurn;
    const id = asked.ids?.[index];
    const object = asked.type === "create" ? null : find(context, realmId, entity, id, drawn);
    if (asked.type !== "create" && object === null)
      return {
        status: 409,
        body: { error: `Only ${index} of ${count} could be done: nothing suitable is left`, objects },
      };
    const webhooks = { ...asked.webhooks, forgeKinds };
    objects.push(changeOne({ context, realmId, entity, object, webhooks, index }, asked.type));
  }
  return { status: 200, body: { objects } };
}

interface Happening {
  readonly context: SandboxContext;
  readonly realmId: string;
  readonly entity: Entity;
  /** null: a new one. */
  readonly object: StoredObject | null;
  readonly webhooks: WebhookOptions;
  readonly index: number;
}

function changeOne(happening: Happening, type: ChangeRequest["type"]): Reference {
  const { context, realmId, entity, object } = happening;
  const nowMs = context.clock.nowMs();
  if (object === null) {
    const index = context.objects.created(realmId, entity.type);
    const state = entity.make(index, nowMs, context.objects.created(realmId, "customer"));
    return commit(happening, state, { deleted: false, operation: "created" });
  }
  if (type === "delete" && !entity.isListOfNames)
    return commit(happening, changedAt(object.state, nowMs, {}), { deleted: true, operation: "deleted" });
  const note = { PrivateNote: `Changed, revision ${object.revision + 1}` };
  const fields: State =
    type === "delete" ? { Active: false } : entity.isListOfNames ? { Notes: note.PrivateNote } : note;
  return commit(happening, changedAt(object.state, nowMs, fields), { deleted: false, operation: "updated" });
}

/** The new state and the webhook that tells of it, true together or not at all. */
function commit(
  { context, realmId, entity, webhooks, index }: Happening,
  state: State,
  { deleted, operation }: { readonly deleted: boolean; readonly operation: string },
): Reference {
  const { objects, clock } = context;
  const id = String(state["Id"]);
  const revision = objects.nextRevision(realmId, entity.type, id);
  const reference: Reference = [entity.type, id, revision];
  const nowMs = clock.nowMs();
  const url = companyOf(objects, realmId)?.webhookUrl ?? null;
  const deliveries =
    url === null ? [] : deliver({ realmId, entity, operation, reference, url, webhooks, index, nowMs });
  context.record({
    kind: "change",
    atMs: nowMs,
    account: realmId,
    puts: [{ type: entity.type, id, revision, deleted, state, about: null }],
    deliveries: [...deliveries],
    saved: null,
    write: null,
  });
  return reference;
}

interface Notice {
  readonly realmId: string;
  readonly entity: Entity;
  readonly operation: string;
  readonly reference: Reference;
  readonly url: string;
  readonly webhooks: WebhookOptions;
  readonly index: number;
  readonly nowMs: number;
}

/** CloudEvents, one in a list: thin, as QuickBooks' are (blogs.intuit.com, 2025-11-12). */
function deliver(notice: Notice): readonly Delivery[] {
  const { realmId, entity, operation, reference, url, webhooks, index, nowMs } = notice;
  const [, id, revision] = reference;
  const eventId = `${realmId}-${entity.type}-${id}-${revision}`;
  const event = {
    specversion: "1.0",
    id: eventId,
    source: "intuit.sandbox",
    type: `qbo.${entity.type}.${operation}.v1`,
    datacontenttype: "application/json",
    time: new Date(nowMs).toISOString(),
    intuitentityid: id,
    intuitaccountid: realmId,
    data: {},
  };
  const outgoing = {
    account: realmId,
    endpoint: realmId,
    url,
    eventId,
    object: reference,
    body: JSON.stringify([event]),
  };
  return planDeliveries(outgoing, index, webhooks, nowMs);
}

/** `intuit-signature`: base64 of the body's HMAC-SHA256 with the app's verifier token. */
export function signatureHeaders(context: SandboxContext, input: SignatureInput): Readonly<Record<string, string>> {
  const token = companyOf(context.objects, input.account)?.verifierToken ?? "";
  const key = input.secretIsWrong ? `${token}x` : token;
  return {
    "content-type": "application/json",
    "intuit-signature": createHmac("sha256", key).update(input.body).digest("base64"),
  };
}

/** The one that is named, or one by chance, none twice. */
function find(
  { objects, random }: SandboxContext,
  realmId: string,
  { type }: Entity,
  id: string | undefined,
  drawn: Set<string>,
): StoredObject | null {
  const fit = objects
    .list(realmId, type)
    .filter((object) => !object.deleted && object.state["Active"] !== false && (id === undefined || object.id === id));
  const fresh = fit.filter((object) => !drawn.has(`${type} ${object.id}`));
  const chosen = fresh[Math.floor(random() * fresh.length)] ?? fit[Math.floor(random() * fit.length)] ?? null;
  if (chosen !== null) drawn.add(`${type} ${chosen.id}`);
  return chosen;
}
