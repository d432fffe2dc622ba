import { digestOf } from "../../engine/canonical.ts";
import type { Touched, WebhookPart } from "../../engine/define-partner.ts";
import type { WebhookBody } from "./schemas.ts";

export type QuickbooksResource = "customers" | "invoices" | "payments";

const resourceOf: ReadonlyMap<string, QuickbooksResource> = new Map([
  ["customer", "customers"],
  ["invoice", "invoices"],
  ["payment", "payments"],
]);

/** A single event has an id of its own; of several, what they say stands for one. */
export function dedupeKeyOf(body: WebhookBody): string {
  const only = Array.isArray(body) && body.length === 1 ? body[0] : undefined;
  return only === undefined ? digestOf(body) : only.id;
}

/** One post can tell of several companies: each gets its own part, in the form that it came in. */
export function splitByCompany(body: WebhookBody): readonly WebhookPart[] {
  if (Array.isArray(body)) {
    const byCompany = Map.groupBy(body, (event) => event.intuitaccountid);
    return [...byCompany].map(([account, event]) => ({ account, event }));
  }
  const byCompany = Map.groupBy(body.eventNotifications, (notice) => notice.realmId);
  return [...byCompany].map(([account, eventNotifications]) => ({ account, event: { eventNotifications } }));
}

/** What is fetched again; a merge tells of the customer that went, too. */
export function touchesOf(body: WebhookBody): readonly Touched<QuickbooksResource>[] {
  const named = Array.isArray(body)
    ? body.map(({ type, intuitentityid, data }) => ({
        // Such as `qbo.invoice.updated.v1`.
        name: /^qbo\.(?<name>[a-z]+)\.[a-z]+\.v\d+$/.exec(type)?.groups?.["name"] ?? "",
        ids: [intuitentityid, data?.deletedid],
      }))
    : body.eventNotifications.flatMap(({ dataChangeEvent }) =>
        dataChangeEvent.entities.map(({ name, id, deletedId }) => ({ name: name.toLowerCase(), ids: [id, deletedId] })),
      );
  const touched = new Map<string, Touched<QuickbooksResource>>();
  for (const { name, ids } of named) {
    const resource = resourceOf.get(name);
    if (resource === undefined) continue;
    for (const externalId of ids) {
      if (externalId !== undefined) touched.set(`${resource} ${externalId}`, { resource, externalId });
    }
  }
  return [...touched.values()];
}
