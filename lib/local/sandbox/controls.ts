import * as z from "zod";
import type { SandboxClock } from "./clock.ts";
import type { ControlRoute, Reply, SandboxRequest } from "./definition.ts";
import { parseForm } from "./form.ts";
import type { Journal } from "./journal.ts";
import type { Ledger } from "./ledger.ts";
import { MisbehaviourRequest, type Misbehaviour } from "./misbehaviour.ts";
import type { ObjectStore, StoredObject } from "./object-store.ts";
import { createRouter } from "./router.ts";
import { DeliverySettings, type WebhookSender } from "./webhook-sender.ts";

export type ControlHandler = (request: SandboxRequest) => Reply;

interface ControlParts {
  readonly name: string;
  readonly clock: SandboxClock;
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly objects: ObjectStore;
  readonly misbehaviour: Misbehaviour;
  readonly sender: WebhookSender;
}

/** What every sandbox can be asked below `/__sandbox/`, and what the partner's own adds. */
export function createControls(parts: ControlParts, own: readonly ControlRoute[]): ControlHandler {
  const route = createRouter([...commonControls(parts), ...own]);
  return (request) => {
    const match = route(request.method, request.path);
    if (match === null) return controlError(404, `A sandbox has no ${request.method} ${request.path}`);
    return match.endpoint.handle({ ...request, params: match.params });
  };
}

export function controlError(status: number, message: string): Reply {
  return { status, body: { error: message } };
}

/** Reads a control request's JSON body by a schema; a reply that names the wrong field when it does not fit. */
export function readControl<T>(
  schema: z.ZodType<T>,
  request: SandboxRequest,
): { readonly ok: true; readonly data: T } | { readonly ok: false; readonly reply: Reply } {
  const parsed = schema.safeParse(parseJson(request.body));
  if (parsed.success) return { ok: true, data: parsed.data };
  return { ok: false, reply: controlError(400, z.prettifyError(parsed.error)) };
}

function commonControls(parts: ControlParts): readonly ControlRoute[] {
  const { ledger, misbehaviour, sender, clock } = parts;
  return [
    {
      method: "GET",
      template: "/__sandbox/health",
      handle: () => ({ status: 200, body: { sandbox: parts.name, ok: true } }),
    },
    {
      method: "GET",
      template: "/__sandbox/ledger",
      handle: () => ({
        status: 200,
        body: { sandbox: parts.name, ...ledger.summary(), objects: countObjects(parts.objects) },
      }),
    },
    { method: "GET", template: "/__sandbox/ledger/objects", handle: (request) => listObjects(parts, request) },
    { method: "GET", template: "/__sandbox/ledger/entries", handle: (request) => listEntries(parts.journal, request) },
    {
      method: "GET",
      template: "/__sandbox/misbehave",
      handle: () => ({ status: 200, body: { rules: misbehaviour.list(clock.nowMs()) } }),
    },
    { method: "POST", template: "/__sandbox/misbehave", handle: (request) => addMisbehaviour(parts, request) },
    {
      method: "DELETE",
      template: "/__sandbox/misbehave",
      handle() {
        misbehaviour.clear();
        return { status: 200, body: { rules: [] } };
      },
    },
    { method: "GET", template: "/__sandbox/webhooks", handle: () => ({ status: 200, body: sender.settings }) },
    { method: "POST", template: "/__sandbox/webhooks", handle: (request) => configureSender(sender, request) },
  ];
}

function addMisbehaviour(parts: ControlParts, request: SandboxRequest): Reply {
  const asked = readControl(MisbehaviourRequest, request);
  if (!asked.ok) return asked.reply;
  const nowMs = parts.clock.nowMs();
  if (!parts.misbehaviour.add(asked.data, nowMs))
    return controlError(409, "Too many misbehaviours at once; DELETE /__sandbox/misbehave clears them");
  return { status: 200, body: { rules: parts.misbehaviour.list(nowMs) } };
}

function configureSender(sender: WebhookSender, request: SandboxRequest): Reply {
  const settings = readControl(DeliverySettings, request);
  if (!settings.ok) return settings.reply;
  sender.configure(settings.data);
  return { status: 200, body: sender.settings };
}

const ObjectsQuery = z.strictObject({
  account: z.string().optional(),
  type: z.string().optional(),
  /** The `next` of the page before. */
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(1_000),
});

/** The partner's side of "do the records agree": every object as it stands, and what the outside has seen of it. */
function listObjects(parts: ControlParts, request: SandboxRequest): Reply {
  const query = ObjectsQuery.safeParse(parseForm(request.query));
  if (!query.success) return controlError(400, z.prettifyError(query.error));
  const { account: onlyAccount, type: onlyType, after, limit } = query.data;
  const rows: unknown[] = [];
  let place = 0;
  for (const [account, object] of publicObjects(parts.objects)) {
    if ((onlyAccount ?? account) !== account || (onlyType ?? object.type) !== object.type) continue;
    place += 1;
    if (place <= after) continue;
    if (rows.length === limit) return { status: 200, body: { objects: rows, next: place - 1 } };
    rows.push(describe(parts.ledger, account, object));
  }
  return { status: 200, body: { objects: rows, next: null } };
}

function describe(ledger: Ledger, account: string, object: StoredObject) {
  const facts = ledger.objects.get(account, object.type, object.id);
  return {
    account,
    type: object.type,
    id: object.id,
    revision: object.revision,
    deleted: object.deleted,
    state: object.state,
    revisionsServed: facts.served.length,
    newestServed: Math.max(0, ...facts.served),
    revisionsServedAsSnapshot: facts.servedAsSnapshot.length,
    revisionsDelivered: facts.delivered.length,
    revisionsPerhapsServed: facts.perhapsServed.filter((revision) => !facts.served.includes(revision)).length,
    singleGets: facts.singleGets,
    singleGetsPerhaps: facts.singleGetsPerhaps,
  };
}

function* publicObjects(objects: ObjectStore): Generator<readonly [string, StoredObject]> {
  for (const account of objects.accounts()) {
    for (const type of objects.types(account)) {
      if (type.startsWith("_")) continue;
      for (const object of objects.list(account, type)) yield [account, object];
    }
  }
}

function countObjects(objects: ObjectStore): Record<string, { live: number; deleted: number }> {
  const counts: Record<string, { live: number; deleted: number }> = {};
  for (const [, object] of publicObjects(objects)) {
    const count = (counts[object.type] ??= { live: 0, deleted: 0 });
    count[object.deleted ? "deleted" : "live"] += 1;
  }
  return counts;
}

const EntriesQuery = z.strictObject({
  kind: z.enum(["change", "answer", "written", "violation", "attempt", "result"]).optional(),
  from: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

function listEntries(journal: Journal, request: SandboxRequest): Reply {
  const query = EntriesQuery.safeParse(parseForm(request.query));
  if (!query.success) return controlError(400, z.prettifyError(query.error));
  const { kind, from, limit } = query.data;
  const { entries, nextByte, more } = journal.read(kind ?? null, from, limit);
  return { status: 200, body: { entries, next: nextByte, more } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text === "" ? "{}" : text);
  } catch {
    return undefined;
  }
}
