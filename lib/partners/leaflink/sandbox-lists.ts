import * as z from "zod";
import type { Reply, Route, SandboxContext, SandboxRequest } from "../../local/sandbox/definition.ts";
import type { Reference } from "../../local/sandbox/journal-entry.ts";
import type { StoredObject } from "../../local/sandbox/object-store.ts";
import { WebhookOptions } from "../../local/sandbox/webhook-tricks.ts";
import { Change } from "./sandbox-change.ts";
import { badParameter, detail } from "./sandbox-replies.ts";
import { orders, resources, shown, type Resource } from "./sandbox-resources.ts";
import { microsOf } from "./sandbox-time.ts";
import { inStatus, mayBecome, statusAfter } from "./sandbox-transitions.ts";

/** What the vendor's next links begin with, whatever address the request came to. */
const PUBLIC = "https://app.leaflink.com";
/** Not in the reference: public clients ask for 100, and page on. */
const LIMIT_MAX = 100;

const Whole = z
  .string()
  .regex(/^\d{1,9}$/, "A valid integer is required.")
  .transform(Number);
const Moment = z.string().transform((text, context) => {
  const micros = microsOf(text);
  if (micros === null) context.addIssue("Enter a valid date/time.");
  return micros ?? 0;
});
const ListQuery = z.object({
  limit: Whole.default(50),
  offset: Whole.default(0),
  include_children: z.string().default(""),
  modified__gte: Moment.optional(),
  modified__gt: Moment.optional(),
  modified__lte: Moment.optional(),
  modified__lt: Moment.optional(),
});
type ListQuery = z.infer<typeof ListQuery>;

/** Lists, single reads, an order's lines, and its transitions. Every path ends in a slash. */
export function routes(context: SandboxContext): readonly Route[] {
  return [
    ...resources.flatMap((resource): Route[] => [
      {
        method: "GET",
        template: resource.path,
        handle: (request, company) => list(context, resource, request, company),
      },
      {
        method: "GET",
        template: `${resource.path}{id}/`,
        handle: (request, company) => one(context, resource, request, company),
      },
    ]),
    {
      method: "GET",
      template: `${orders.path}{id}/line-items/`,
      handle(request, company) {
        const order = context.objects.get(company, orders.type, request.params["id"] ?? "");
        return order === null ? notThere() : { status: 200, body: order.state["line_items"] };
      },
    },
    {
      method: "POST",
      template: `${orders.path}{id}/transition/{action}/`,
      handle: (request, company) => transition(context, request, company),
    },
  ];
}

function list(context: SandboxContext, resource: Resource, request: SandboxRequest, company: string): Reply {
  const given = Object.fromEntries(new URLSearchParams(request.query));
  const known = [...Object.keys(ListQuery.shape), ...resource.filters];
  // LeafLink's framework ignores what it does not know; a stand-in that did would hide a filter that is misspelt.
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) return badParameter(unknown, "This sandbox knows no such parameter.");
  const query = ListQuery.safeParse(given);
  if (!query.success) {
    const [issue] = query.error.issues;
    return badParameter(String(issue?.path[0] ?? "query"), issue?.message ?? "Invalid.");
  }
  const children = childrenOf(resource, query.data.include_children);
  if (children === null) return badParameter("include_children", "Not a valid choice.");
  // No order is documented. Newest first is the one in which pages move while things are made.
  const found = context.objects
    .list(company, resource.type)
    .filter(
      (object) =>
        !object.deleted &&
        fits(object, query.data) &&
        resource.filters.every((name) => isFilteredIn(object, name, given)),
    )
    .toReversed();
  return pageOf(found, resource, request, query.data, children);
}

function pageOf(
  found: readonly StoredObject[],
  resource: Resource,
  request: SandboxRequest,
  query: ListQuery,
  children: readonly string[],
): Reply {
  const limit = Math.min(query.limit === 0 ? LIMIT_MAX : query.limit, LIMIT_MAX);
  const { offset } = query;
  const page = found.slice(offset, offset + limit);
  const link = (to: number): string => {
    const asked = new URLSearchParams(request.query);
    asked.set("limit", String(limit));
    if (to > 0) asked.set("offset", String(to));
    else asked.delete("offset");
    return `${PUBLIC}${resource.path}?${asked.toString()}`;
  };
  return {
    status: 200,
    body: {
      count: found.length,
      next: offset + limit < found.length ? link(offset + limit) : null,
      previous: offset > 0 ? link(Math.max(0, offset - limit)) : null,
      results: page.map((object) => shown(object, children)),
    },
    references: page.map((object) => [object.type, object.id, object.revision]),
  };
}

function one(context: SandboxContext, resource: Resource, request: SandboxRequest, company: string): Reply {
  const object = context.objects.get(company, resource.type, request.params["id"] ?? "");
  const children = childrenOf(resource, new URLSearchParams(request.query).get("include_children") ?? "");
  if (children === null) return badParameter("include_children", "Not a valid choice.");
  if (object === null) return notThere();
  const references: readonly Reference[] = [[object.type, object.id, object.revision]];
  if (object.deleted) return { ...notThere(), references, single: true };
  return { status: 200, body: shown(object, children), references, single: true };
}

/** developer.leaflink.com/legacy/v2/api/ref: POST /orders-received/{number}/transition/{action}/ */
function transition(context: SandboxContext, request: SandboxRequest, company: string): Reply {
  const order = context.objects.get(company, orders.type, request.params["id"] ?? "");
  if (order === null) return notThere();
  const next = statusAfter(request.params["action"] ?? "");
  if (next === null || !mayBecome(String(order.state["status"]), next))
    return badParameter("action", "The order cannot go there from its status.");
  const write = { endpoint: `${request.method} ${request.template}`, idempotencyKey: null };
  const change = new Change(context, company, { webhooks: WebhookOptions.parse({}), eventsBefore: 0, write });
  const reference = change.commit(orders, order.id, { ...order.state, ...inStatus(next, change.modified) });
  const changed = context.objects.get(company, orders.type, order.id) ?? order;
  return { status: 200, body: shown(changed, []), references: [reference], single: true };
}

function notThere(): Reply {
  return detail(404, "Not found.");
}

function childrenOf(resource: Resource, text: string): readonly string[] | null {
  const names = text === "" ? [] : text.split(",");
  return names.every((name) => resource.children.includes(name)) ? names : null;
}

function fits(object: StoredObject, query: ListQuery): boolean {
  const modified = microsOf(String(object.state["modified"])) ?? 0;
  return (
    modified >= (query.modified__gte ?? -Infinity) &&
    modified > (query.modified__gt ?? -Infinity) &&
    modified <= (query.modified__lte ?? Infinity) &&
    modified < (query.modified__lt ?? Infinity)
  );
}

function isFilteredIn(object: StoredObject, name: string, given: Readonly<Record<string, string>>): boolean {
  return given[name] === undefined || object.state[name] === given[name];
}
