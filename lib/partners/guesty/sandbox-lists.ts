import * as z from "zod";
import type { Reply, Route, SandboxContext, SandboxRequest } from "../../local/sandbox/definition.ts";
import { parseForm } from "../../local/sandbox/form.ts";
import type { StoredObject } from "../../local/sandbox/object-store.ts";
import { compare, memberAt, parseFilters } from "./sandbox-filters.ts";
import type { Fits } from "./sandbox-filters.ts";
import { columnsOf } from "./sandbox-guests.ts";
import { badParameter, errorReply } from "./sandbox-replies.ts";
import { resources } from "./sandbox-resources.ts";
import type { Resource } from "./sandbox-resources.ts";

type State = Readonly<Record<string, unknown>>;

const whole = (max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.int().max(max));

const Names = z.string().regex(/^[\w.]+( [\w.]+)*$/);
const Page = {
  /** open-api-docs.guesty.com/docs/how-to-search-for-reservations: 25 unless asked, never more than 100. */
  limit: whole(100).default(25),
  skip: whole(100_000_000).default(0),
  filters: z.string().optional(),
};
const ListQuery = z.strictObject({
  ...Page,
  sort: z
    .string()
    .regex(/^-?[\w.]+$/)
    .optional(),
  fields: Names.optional(),
});
/** open-api-docs.guesty.com/docs/fields-for-guest-reports; no order can be asked for. */
const GuestsQuery = z.strictObject({ ...Page, columns: Names });
const OneQuery = z.strictObject({ fields: Names.optional() });

export function readRoutes(context: SandboxContext): readonly Route[] {
  return resources.flatMap((resource): readonly Route[] => [
    {
      method: "GET",
      template: resource.path,
      handle: (request, account) =>
        resource.type === "guest"
          ? listGuests(context, resource, request, account)
          : list(context, resource, request, account),
    },
    {
      method: "GET",
      template: `${resource.path}/{id}`,
      handle: (request, account) => getOne(context, resource, request, account),
    },
  ]);
}

function list(context: SandboxContext, resource: Resource, request: SandboxRequest, account: string): Reply {
  const query = ListQuery.safeParse(parseForm(request.query));
  if (!query.success) return badParameter(z.prettifyError(query.error));
  const { sort, fields, limit, skip, filters } = query.data;
  const fits = filtersOf(filters);
  if (fits === null) return badParameter("filters is not valid");
  const found = liveOf(context, resource, account, fits);
  // Without an order the latest changed comes first, so that whoever walks without one loses things, as with the real one.
  const ordered = sorted(found, sort ?? "-lastUpdatedAt");
  const names = fields?.split(" ") ?? resource.defaultFields;
  const results = ordered.slice(skip, skip + limit);
  return {
    status: 200,
    body: {
      title: "",
      results: results.map((object) => project(object.state, ["_id", ...names])),
      count: found.length,
      fields: names.join(" "),
      limit,
      skip,
    },
    references: results.map(referenceTo),
  };
}

function listGuests(context: SandboxContext, resource: Resource, request: SandboxRequest, account: string): Reply {
  const query = GuestsQuery.safeParse(parseForm(request.query));
  if (!query.success) return badParameter(z.prettifyError(query.error));
  const { columns, limit, skip, filters } = query.data;
  const fits = filtersOf(filters);
  if (fits === null) return badParameter("filters is not valid");
  const found = liveOf(context, resource, account, fits);
  const results = found.slice(skip, skip + limit);
  return {
    status: 200,
    body: {
      results: results.map((object) => project(columnsOf(object.state), columns.split(" "))),
      count: found.length,
      limit,
      skip,
    },
    references: results.map(referenceTo),
  };
}

function getOne(context: SandboxContext, resource: Resource, request: SandboxRequest, account: string): Reply {
  const query = OneQuery.safeParse(parseForm(request.query));
  if (!query.success) return badParameter(z.prettifyError(query.error));
  const object = context.objects.get(account, resource.type, request.params["id"] ?? "");
  if (object === null || object.deleted) {
    const reply = errorReply(404, "NOT_FOUND", `${resource.noun} not found`);
    return object === null ? reply : { ...reply, references: [referenceTo(object)], single: true };
  }
  const names = query.data.fields?.split(" ");
  return {
    status: 200,
    body: names === undefined ? object.state : project(object.state, ["_id", ...names]),
    references: [referenceTo(object)],
    single: true,
  };
}

function filtersOf(text: string | undefined): Fits | null {
  return text === undefined ? () => true : parseFilters(text);
}

function liveOf(context: SandboxContext, resource: Resource, account: string, fits: Fits): readonly StoredObject[] {
  return context.objects.list(account, resource.type).filter((object) => !object.deleted && fits(object.state));
}

function sorted(objects: readonly StoredObject[], sort: string): readonly StoredObject[] {
  const sign = sort.startsWith("-") ? -1 : 1;
  const path = sort.replace("-", "");
  return objects.toSorted(
    (left, right) => sign * (compare(memberAt(left.state, path), memberAt(right.state, path)) ?? 0),
  );
}

/** The fields asked for, by dotted paths; those that are not there stay away. */
function project(state: State, names: readonly string[]): State {
  const kept: Record<string, unknown> = {};
  for (const name of names) {
    const value = memberAt(state, name);
    if (value === undefined) continue;
    const [top = "", ...below] = name.split(".");
    const inner = below.length === 0 ? value : { [below.join(".")]: value };
    const before = kept[top];
    kept[top] = below.length > 0 && isObject(before) && isObject(inner) ? { ...before, ...inner } : inner;
  }
  return kept;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function referenceTo(object: StoredObject): [string, string, number] {
  return [object.type, object.id, object.revision];
}
