import type { Reply, SandboxContext, SandboxRequest } from "../../local/sandbox/definition.ts";
import type { StoredObject } from "../../local/sandbox/object-store.ts";
import { entities, updatedMsOf } from "./sandbox-objects.ts";
import type { Entity } from "./sandbox-objects.ts";
import { badQuery } from "./sandbox-replies.ts";

interface Query {
  readonly entity: Entity;
  readonly alsoInactive: boolean;
  readonly sinceMs: number;
  readonly start: number;
  readonly max: number;
}

/** As much of the query language as the documentation shows and the stand-in needs; what is not known is refused. */
const form =
  /^select \* from (?<entity>\w+)(?: where (?<where>.+?))?(?: orderby id)?(?: startposition (?<start>\d{1,8}))?(?: maxresults (?<max>\d{1,4}))?$/i;
const maxDefault = 100;
const maxMost = 1_000;

/** `GET …/query?query=select * from …`: …/learn/explore-the-quickbooks-online-api/data-queries */
export function runQuery(context: SandboxContext, request: SandboxRequest, realmId: string): Reply {
  const given = new URLSearchParams(request.query);
  const unknown = [...given.keys()].find((name) => name !== "query" && name !== "minorversion");
  const query = unknown === undefined ? read(given.get("query") ?? "") : `unknown parameter ${unknown}`;
  if (typeof query === "string") return badQuery(query, request.arrivedAtMs);
  const { entity, start, max } = query;
  const found = context.objects
    .list(realmId, entity.type)
    .filter((object) => !object.deleted && fits(object, query))
    .toSorted((one, other) => Number(one.id) - Number(other.id))
    .slice(start - 1, start - 1 + max);
  const page = { [entity.name]: found.map(({ state }) => state), startPosition: start, maxResults: found.length };
  return {
    status: 200,
    body: { QueryResponse: found.length === 0 ? {} : page, time: new Date(request.arrivedAtMs).toISOString() },
    references: found.map(({ type, id, revision }) => [type, id, revision]),
  };
}

/** The query, or what is wrong with it. */
function read(text: string): Query | string {
  const parts = form.exec(text)?.groups;
  const entity = entities.find(({ name }) => name.toLowerCase() === parts?.["entity"]?.toLowerCase());
  if (parts === undefined || entity === undefined) return "QueryParserError: this sandbox knows no such query";
  const start = Number(parts["start"] ?? 1);
  const max = Math.min(maxMost, Number(parts["max"] ?? maxDefault));
  let [alsoInactive, sinceMs] = [false, 0];
  if (start < 1) return "QueryValidationError: positions begin with 1";
  for (const condition of (parts["where"] ?? "").split(/ and /i).filter(Boolean)) {
    const since = /^MetaData\.LastUpdatedTime >= '(?<time>[^']+)'$/i.exec(condition)?.groups?.["time"];
    if (since !== undefined && !Number.isNaN(Date.parse(since))) sinceMs = Date.parse(since);
    else if (/^Active in \(true, ?false\)$/i.test(condition) && entity.isListOfNames) alsoInactive = true;
    else return "QueryValidationError: this sandbox knows no such condition";
  }
  return { entity, alsoInactive, sinceMs, start, max };
}

/** Times are to the second: what changed within the second that is asked for is in it. */
function fits({ state }: StoredObject, { entity, alsoInactive, sinceMs }: Query): boolean {
  const isShown = !entity.isListOfNames || alsoInactive || state["Active"] === true;
  return isShown && updatedMsOf(state) >= Math.floor(sinceMs / 1_000) * 1_000;
}
