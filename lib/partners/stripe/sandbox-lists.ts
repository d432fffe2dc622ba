import * as z from "zod";
import type { Reply, Route, SandboxContext, SandboxRequest } from "../../local/sandbox/definition.ts";
import { parseForm } from "../../local/sandbox/form.ts";
import type { StoredObject } from "../../local/sandbox/object-store.ts";
import { endpointType } from "./sandbox-endpoints.ts";
import { fieldProblem, FormInteger } from "./sandbox-fields.ts";
import { invalidRequest, missing } from "./sandbox-replies.ts";
import { resources } from "./sandbox-resources.ts";

/** docs.stripe.com/api/pagination. */
const PageQuery = z.strictObject({
  limit: FormInteger.pipe(z.int().min(1).max(100)).default(10),
  starting_after: z.string().optional(),
  ending_before: z.string().optional(),
  created: z
    .union([
      FormInteger,
      z.strictObject({
        gt: FormInteger.optional(),
        gte: FormInteger.optional(),
        lt: FormInteger.optional(),
        lte: FormInteger.optional(),
      }),
    ])
    .optional(),
});
type Page = z.infer<typeof PageQuery>;

/** docs.stripe.com/api/events/list: `type` may hold a wildcard, `types` up to 20 names, not both. */
const EventsQuery = PageQuery.extend({
  type: z.string().optional(),
  types: z
    .array(z.string().regex(/^[^*]+$/))
    .min(1)
    .max(20)
    .optional(),
});

/** docs.stripe.com/api/events: events can be read for 30 days. */
const EVENTS_KEPT_SECONDS = 30 * 24 * 3_600;

interface Listed {
  readonly type: string;
  readonly path: string;
  readonly noun: string;
}

/** Lists and single reads of every resource, of webhook endpoints and of events. */
export function readRoutes(context: SandboxContext): readonly Route[] {
  const events: Listed = { type: "event", path: "/v1/events", noun: "event" };
  const endpoints: Listed = { type: endpointType, path: "/v1/webhook_endpoints", noun: "webhook endpoint" };
  return [
    ...resources.map((resource) => listRoute(context, resource, resource.filters)),
    listRoute(context, endpoints, []),
    {
      method: "GET",
      template: events.path,
      handle: (request, account) => listEvents(context, events, request, account),
    },
    ...[...resources, endpoints, events].map((listed) => getRoute(context, listed)),
  ];
}

function listRoute(context: SandboxContext, listed: Listed, filters: readonly string[]): Route {
  return {
    method: "GET",
    template: listed.path,
    handle(request, account) {
      const form = parseForm(request.query) ?? {};
      const isFilter = ([name]: readonly [string, unknown]) => filters.includes(name);
      const wanted = Object.entries(form).filter((field) => isFilter(field));
      const rest = Object.fromEntries(Object.entries(form).filter((field) => !isFilter(field)));
      const page = PageQuery.safeParse(rest);
      if (!page.success) return fieldProblem(page.error, form);
      return pageOf(context, listed, account, page.data, (object) =>
        wanted.every(([name, value]) => object.state[name] === value),
      );
    },
  };
}

function listEvents(context: SandboxContext, listed: Listed, request: SandboxRequest, account: string): Reply {
  const form = parseForm(request.query) ?? {};
  const query = EventsQuery.safeParse(form);
  if (!query.success) return fieldProblem(query.error, form);
  const { type, types } = query.data;
  if (type !== undefined && types !== undefined) {
    return invalidRequest("You may pass either `type` or `types`, but not both.");
  }
  const oldest = Math.floor(context.clock.nowMs() / 1_000) - EVENTS_KEPT_SECONDS;
  const pattern = type === undefined ? null : patternOf(type);
  return pageOf(context, listed, account, query.data, (event) => {
    const eventType = String(event.state["type"]);
    if (createdOf(event) < oldest || (types !== undefined && !types.includes(eventType))) return false;
    return pattern === null || pattern.test(eventType);
  });
}

/** `charge.*` as a pattern; no letter of it but the star means anything. */
function patternOf(type: string): RegExp {
  const steps = type.split("*").map((step) => step.replaceAll(/[^a-z0-9_]/gi, String.raw`\$&`));
  return new RegExp(`^${steps.join(".*")}$`);
}

/** Newest first. A cursor is a place among all that were ever created, so pages stay put while objects are added. */
function pageOf(
  context: SandboxContext,
  listed: Listed,
  account: string,
  page: Page,
  fits: (object: StoredObject) => boolean,
): Reply {
  if (page.starting_after !== undefined && page.ending_before !== undefined) {
    return invalidRequest("Only one of `starting_after` and `ending_before` may be passed.");
  }
  const cursor = page.starting_after ?? page.ending_before;
  const place = cursor === undefined ? -1 : context.objects.placeOf(account, listed.type, cursor);
  if (cursor !== undefined && place === -1) {
    return missing(400, listed.noun, cursor, page.starting_after === undefined ? "ending_before" : "starting_after");
  }
  const all = context.objects.list(account, listed.type);
  const shown = (object: StoredObject) => !object.deleted && isCreatedIn(object, page.created) && fits(object);
  const backwards = page.ending_before !== undefined;
  const found = backwards
    ? collect(all, place + 1, 1, page.limit + 1, shown)
    : collect(all, cursor === undefined ? all.length - 1 : place - 1, -1, page.limit + 1, shown);
  const data = backwards ? found.slice(0, page.limit).toReversed() : found.slice(0, page.limit);
  return {
    status: 200,
    body: {
      object: "list",
      data: data.map((object) => object.state),
      has_more: found.length > page.limit,
      url: listed.path,
    },
    references: data.map((object) => [object.type, object.id, object.revision]),
    snapshots: data.flatMap((object) => (object.about === null ? [] : [object.about])),
  };
}

function collect(
  all: readonly StoredObject[],
  from: number,
  step: 1 | -1,
  count: number,
  shown: (object: StoredObject) => boolean,
): readonly StoredObject[] {
  const found: StoredObject[] = [];
  for (let place = from; found.length < count; place += step) {
    const object = all[place];
    if (object === undefined) break;
    if (shown(object)) found.push(object);
  }
  return found;
}

function isCreatedIn(object: StoredObject, range: Page["created"]): boolean {
  const created = createdOf(object);
  if (range === undefined) return true;
  if (typeof range === "number") return created === range;
  return (
    created >= (range.gte ?? -Infinity) &&
    created > (range.gt ?? -Infinity) &&
    created <= (range.lte ?? Infinity) &&
    created < (range.lt ?? Infinity)
  );
}

function createdOf(object: StoredObject): number {
  return Number(object.state["created"]);
}

function getRoute(context: SandboxContext, listed: Listed): Route {
  return {
    method: "GET",
    template: `${listed.path}/{id}`,
    handle(request, account) {
      const id = request.params["id"] ?? "";
      const object = context.objects.get(account, listed.type, id);
      if (object === null || (object.deleted && listed.type !== "customer")) return missing(404, listed.noun, id);
      // docs.stripe.com/api/customers/retrieve: of a deleted customer only this is left.
      const body = object.deleted ? { id, object: listed.type, deleted: true } : object.state;
      return {
        status: 200,
        body,
        references: [[object.type, object.id, object.revision]],
        snapshots: object.about === null ? [] : [object.about],
        single: true,
      };
    },
  };
}
